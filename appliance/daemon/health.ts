// Whether the daemon is well: what the watchdog is fed by, and what the plugin list says of its workers.
import type { Jobs } from './jobs/jobs.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { Pulse } from './pulse.ts';
import type { Database } from './record/database.ts';
import type { PluginState } from './serve/plugin-routes.ts';

/** What systemd's watchdog does not bear: it restarts a daemon that is worse off. */
const longestDelayMs = 5000;
const longestFaultMs = 600_000;

export interface Vitals {
  readonly pulse: Pulse;
  readonly database: Database;
  readonly workers: WorkerSupply;
}

/** Throws when the daemon is not well. */
export function selfCheck({ pulse, database, workers }: Vitals): void {
  const delayMs = pulse.delayMs(100);
  if (delayMs > longestDelayMs) throw new Error(`the event loop is ${delayMs.toFixed(0)} ms late`);
  database.check();
  if (workers.faultMs > longestFaultMs)
    throw new Error('no worker could be made ready for too long', { cause: workers.fault });
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
