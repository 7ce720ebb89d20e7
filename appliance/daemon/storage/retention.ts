// What is kept of finished jobs, by age and by count. Nothing is removed unless its limit is set.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { jobFiles } from '../../contract/frame.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { Usage } from './usage.ts';

/** Null: all are kept. */
export interface Keep {
  readonly jobsDays: number | null;
  readonly jobsKept: number | null;
  readonly inputsDays: number | null;
  readonly inputsKept: number | null;
}

/** A finished job as its row has it; times in ms since 1970. */
interface FinishedJob {
  /** Grows in the order of their making. */
  readonly row: number;
  readonly id: string;
  readonly createdAt: number;
  readonly completedAt: number | null;
}

export interface KnownJobs {
  get(id: string): Job | undefined;
  countFinished(): number;
  /** Those behind the row `after`, in the order of their making. */
  finished(page: { readonly after: number; readonly limit: number }): readonly FinishedJob[];
  /** Removes a finished job whole. Looks at its status before it waits for anything. */
  remove(id: string): Promise<unknown>;
}

export interface RetentionOptions {
  readonly keep: Keep;
  readonly jobs: KnownJobs;
  readonly usage: Usage;
  /** Holds a folder for each job. */
  readonly folder: string;
  readonly stream: EventStream;
  readonly log: Log;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pageSize = 50;

export class Retention {
  readonly #options: RetentionOptions;
  readonly #leaving = new AbortController();
  #keep: Keep;
  #unsubscribe: () => void = () => undefined;
  #hourly: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #removed = { jobs: 0, inputs: 0, bytes: 0 };

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#keep = options.keep;
  }

  /** From now on so much is kept. */
  setKeep(keep: Keep): void {
    this.#keep = keep;
    if (this.#hourly) this.look();
  }

  /** Looks at once, after each job that ends, and every hour. */
  open(): void {
    const { stream } = this.#options;
    this.#unsubscribe = stream.on('job-changed', ({ job }) => {
      if (isFinal(job.status)) this.look();
    });
    this.#hourly = setInterval(() => this.look(), hourMs).unref();
    this.look();
  }

  /** One pass at a time; asked during one, it is followed by another. */
  look(): void {
    if (this.#leaving.signal.aborted || Object.values(this.#keep).every((limit) => limit === null)) return;
    this.#again = this.#pass !== undefined;
    this.#pass ??= this.#run().finally(() => {
      this.#pass = undefined;
      if (this.#again && !this.#leaving.signal.aborted) this.look();
    });
  }

  /** Resolves when no pass is under way. */
  async rested(): Promise<void> {
    while (this.#pass) await this.#pass;
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    this.#unsubscribe();
    clearInterval(this.#hourly);
    await this.rested();
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    // The listener that began this has its turn to end: the job's end is told to all before the job goes.
    await setImmediate();
    try {
      await this.#removeJobs();
      await this.#removeInputs();
    } catch (err) {
      // A Fault, or what a disk or the database reports.
      if (!(err instanceof Error && 'code' in err)) throw err;
      log.warn({ err }, 'retention could not go on; it tries again within the hour');
    }
    if (this.#removed.jobs + this.#removed.inputs > 0) log.info(this.#removed, 'retention removed what is not kept');
    this.#removed = { jobs: 0, inputs: 0, bytes: 0 };
  }

  async #removeJobs(): Promise<void> {
    const { jobs, usage } = this.#options;
    const keep = this.#keep;
    const before = keep.jobsDays === null ? -Infinity : Date.now() - keep.jobsDays * dayMs;
    let surplus = keep.jobsKept === null ? 0 : jobs.countFinished() - keep.jobsKept;
    for (let after = 0; ; await setImmediate()) {
      const page = jobs.finished({ after, limit: pageSize });
      for (const { row, id, createdAt, completedAt } of page) {
        after = row;
        // Made later, ended later: from here on all are young enough.
        if (this.#leaving.signal.aborted || (surplus <= 0 && createdAt >= before)) return;
        if (surplus <= 0 && (completedAt ?? createdAt) >= before) continue;
        surplus -= 1;
        if (!this.#isFinished(id)) continue; // retried since it was listed
        const { input, artifacts } = usage.of(id);
        await jobs.remove(id);
        this.#removed.jobs += 1;
        this.#removed.bytes += input + artifacts;
      }
      if (page.length < pageSize) return;
    }
  }

  async #removeInputs(): Promise<void> {
    const { usage, folder } = this.#options;
    const keep = this.#keep;
    if (keep.inputsDays === null && keep.inputsKept === null) return;
    const before = keep.inputsDays === null ? -Infinity : Date.now() - keep.inputsDays * dayMs;
    const newestFirst = (await this.#withInput()).sort((a, b) => b.endedAt - a.endedAt);
    for (const [index, { id, endedAt }] of newestFirst.entries()) {
      if (this.#leaving.signal.aborted) return;
      if (index < (keep.inputsKept ?? Infinity) && endedAt >= before) continue;
      if (!this.#isFinished(id)) continue;
      const { input } = usage.of(id);
      for (const name of [jobFiles.input, jobFiles.part]) await rm(join(folder, id, name), { force: true });
      usage.measure(id);
      this.#removed.inputs += 1;
      this.#removed.bytes += input;
    }
  }

  /** Finished jobs whose video is still there: few, once there is a limit to them. */
  async #withInput(): Promise<{ readonly id: string; readonly endedAt: number }[]> {
    const { jobs, usage } = this.#options;
    await usage.settled();
    const found: { id: string; endedAt: number }[] = [];
    for (const [index, id] of [...usage.withInput()].entries()) {
      if (index % pageSize === pageSize - 1) await setImmediate();
      const job = jobs.get(id);
      if (job && isFinal(job.status)) found.push({ id, endedAt: job.completedAt ?? job.updatedAt });
    }
    return found;
  }

  #isFinished(id: string): boolean {
    const job = this.#options.jobs.get(id);
    return job !== undefined && isFinal(job.status);
  }
}
