// A running Vedette that can be killed: the daemon comes back on the same port and folder, as a supervisor would have it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { JobItem } from '../../appliance/contract/api.ts';
import { freePort } from '../support/broker.ts';
import { type DaemonOptions, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { tree } from '../support/process-tree.ts';
import { tempData } from '../support/temp-data.ts';
import { Visitor } from './visitor.ts';

export interface Poll {
  /** What was answered as progress, in its order, for one job after the other. */
  stop(): readonly (readonly number[])[];
}

export class Appliance {
  readonly folder: string;
  readonly url: string;
  readonly #options: DaemonOptions;
  #daemon: RunningDaemon;

  private constructor(options: DaemonOptions, folder: string, daemon: RunningDaemon) {
    this.#options = options;
    this.folder = folder;
    this.#daemon = daemon;
    this.url = daemon.url;
  }

  static async start(env: Readonly<Record<string, string>> = {}, folder = tempData()): Promise<Appliance> {
    const options = { folder, env: { VEDETTE_PORT: String(await freePort()), ...env } };
    return new Appliance(options, folder, await startDaemon(options));
  }

  /** One that runs already; it is not to be killed. */
  static of(daemon: RunningDaemon): Appliance {
    return new Appliance({}, daemon.folder, daemon);
  }

  get daemon(): RunningDaemon {
    return this.#daemon;
  }

  artifact(id: string, name: string): string {
    return join(this.folder, 'jobs', id, name);
  }

  submit(path: string): Promise<string> {
    return new Visitor(this.url).submit(path);
  }

  async job(id: string): Promise<JobItem> {
    const answer = await fetch(`${this.url}/v1/jobs/${id}`);
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    return (await answer.json()) as JobItem;
  }

  /** Asks until the job is so; what does not answer for now is asked again. */
  async until(id: string, fits: (job: JobItem) => boolean): Promise<JobItem> {
    for (;;) {
      const job = await this.job(id).catch(() => null); // the daemon is just being started again
      if (job && fits(job)) return job;
      await wait(20);
    }
  }

  ended(id: string): Promise<JobItem> {
    return this.until(id, ({ status }) => ['completed', 'failed', 'cancelled'].includes(status));
  }

  /** Asks for the status all the time, as old clients do. */
  poll(id: () => string): Poll {
    const stop = new AbortController();
    const polled = new Map<string, number[]>();
    void (async () => {
      while (!stop.signal.aborted) {
        const asked = id();
        const answer = await fetch(`${this.url}/v1/video/status/${asked}`).catch(() => null); // as above
        if (answer?.ok) {
          const { progress } = (await answer.json()) as { progress: number };
          polled.set(asked, [...(polled.get(asked) ?? []), progress]);
        }
        await wait(25);
      }
    })();
    return {
      stop: () => {
        stop.abort();
        return [...polled.values()];
      },
    };
  }

  /** By SIGKILL. A daemon is started again at once. */
  async kill(victim: 'worker' | 'daemon' | 'both'): Promise<void> {
    const daemon = this.#daemon;
    const workers = victim === 'daemon' ? [] : tree(daemon.child.pid ?? 0).slice(1);
    if (victim !== 'worker') {
      const gone = new Promise((resolve) => daemon.child.once('exit', resolve));
      daemon.child.kill('SIGKILL');
      await gone;
    }
    for (const pid of workers) killQuietly(pid);
    if (victim !== 'worker') this.#daemon = await startDaemon(this.#options);
  }

  /** Stopped by SIGTERM, unless it is gone already. */
  async restart(): Promise<void> {
    const { child } = this.#daemon;
    if (child.exitCode === null && child.signalCode === null) await this.#daemon.stop();
    this.#daemon = await startDaemon(this.#options);
  }
}

/** The workers below a daemon, with what confines them. */
export async function workersOf(pid: number): Promise<number[]> {
  const family = tree(pid).slice(1);
  const lines = await Promise.all(
    family.map((one) => readFile(`/proc/${one}/cmdline`, 'utf8').catch(() => '')), // it has just ended
  );
  return family.filter((_, at) => lines[at]?.includes('worker/main'));
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended by itself
  }
}
