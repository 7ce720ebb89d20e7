// Whether the daemon is well: what the watchdog is fed by, and what the plugin list says of its workers.
import type { Jobs } from './jobs/jobs.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import { Pulse } from './pulse.ts';
import type { Database } from './record/database.ts';
import type { PluginState } from './serve/plugin-routes.ts';

/** Longer, and it is for systemd to try what a restart does. */
const longestFaultMs = 600_000;

export interface SelfCheckOptions {
  readonly database: Database;
  readonly workers: WorkerSupply;
  /** How late the event loop may run. */
  readonly longestDelayMs?: number;
}

export class SelfCheck {
  readonly #options: SelfCheckOptions;
  /** Of its own: that of the metrics begins anew only when somebody reads them, and a block that is over is over. */
  readonly #pulse = new Pulse();

  constructor(options: SelfCheckOptions) {
    this.#options = options;
  }

  /** Throws when the daemon is not well, or has not been since the last call. */
  run(): void {
    const { database, workers, longestDelayMs = 5000 } = this.#options;
    const delayMs = this.#pulse.delayMs(100);
    this.#pulse.reset();
    if (delayMs > longestDelayMs) throw new Error(`the event loop is ${delayMs.toFixed(0)} ms late`);
    database.check();
    if (workers.faultMs > longestFaultMs)
      throw new Error('no worker could be made ready for too long', { cause: workers.fault });
  }

  close(): void {
    this.#pulse.close();
  }
}

export function workerState(workers: WorkerSupply, jobs: Jobs): Pick<PluginState, 'state' | 'reason'> {
  if (workers.fault) return { state: 'degraded', reason: workers.fault.message };
  if (!workers.card) return { state: 'loading', reason: null };
  return { state: jobs.counts.running > 0 ? 'busy' : 'ready', reason: null };
}

/** `lastHeartbeat`: ms since 1970; of a spare that waits, now: it says nothing, but its process is there. */
export function workerPulse(workers: WorkerSupply, jobs: Jobs): { alive: boolean; lastHeartbeat: number | null } {
  const idle = jobs.counts.running === 0 && workers.stocked;
  return { alive: workers.fault === null, lastHeartbeat: idle ? Date.now() : workers.heardAt };
}

/** What keeps jobs from running; null where nothing does. */
export function workerObstacle(workers: WorkerSupply): string | null {
  return workers.fault?.message ?? (workers.card ? null : 'No worker has loaded the model yet');
}
