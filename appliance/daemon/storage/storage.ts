// What the appliance keeps on its disk: watched, bounded, and cleared of what is not kept. The room's one door.
import { readdir } from 'node:fs/promises';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import { Disk } from './disk.ts';
import type { Limits } from './levels.ts';
import { sweepOrphans } from './orphans.ts';
import { type Keep, type KnownJobs, Retention } from './retention.ts';
import { Usage } from './usage.ts';

export interface StorageOptions {
  readonly folders: {
    readonly data: string;
    readonly jobs: string;
    readonly uploads: string;
    readonly backups: string;
  };
  readonly limits: Limits;
  readonly keep: Keep;
  readonly jobs: KnownJobs;
  /** ms since 1970, when the database began: of jobs' folders that are older, the rows may have been lost. */
  readonly rowsSince: number;
  readonly stream: EventStream;
  /** Called when jobs have to wait for room from now on, with the reason, and with null when they may go on. */
  readonly hold: (reason: string | null) => void;
  /** The view or a complaint is new. */
  readonly onChange: () => void;
  readonly log: Log;
}

export class Storage {
  readonly disk: Disk;
  readonly #options: StorageOptions;
  readonly #usage: Usage;
  readonly #retention: Retention;
  readonly #leaving = new AbortController();
  /** Jobs' folders as they were before the first request could come. */
  #ids: readonly string[] = [];
  #counting: Promise<void> | undefined;

  constructor(options: StorageOptions) {
    const { folders, stream, log } = options;
    this.#options = options;
    this.#usage = new Usage({ folder: folders.jobs, stream, log });
    this.disk = new Disk({ ...options, usage: this.#usage });
    this.#retention = new Retention({ ...options, folder: folders.jobs, usage: this.#usage });
  }

  /** Before the first request: jobs wait from the start where there is no room. */
  async open(): Promise<void> {
    this.#ids = await readdir(this.#options.folders.jobs);
    await this.disk.open();
  }

  /** Counts, sweeps and clears, beside the daemon's work; to be called when requests are answered. */
  begin(): void {
    this.#counting = this.#count();
  }

  /** From now on. */
  set({ limits, keep }: Pick<StorageOptions, 'limits' | 'keep'>): void {
    this.disk.setLimits(limits);
    this.#retention.setKeep(keep);
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    await Promise.all([this.disk.close(), this.#retention.close(), this.#usage.close()]);
    await this.#counting;
  }

  async #count(): Promise<void> {
    const { folders, jobs, rowsSince, log } = this.#options;
    const removed = await sweepOrphans({
      folder: folders.jobs,
      ids: this.#ids,
      hasRow: (id) => jobs.get(id) !== undefined,
      rowsSince,
      signal: this.#leaving.signal,
      log,
    });
    const gone = new Set(removed);
    await this.#usage.count(this.#ids.filter((id) => !gone.has(id)));
    this.#ids = [];
    if (!this.#leaving.signal.aborted) this.#retention.open();
  }
}
