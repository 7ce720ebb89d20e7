// Jobs from their making to their end: who waits, who runs, who is cancelled. The ledger keeps what became of them.
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Submission } from '../record/job-store.ts';
import { JobLife, type JobLifeOptions } from './job-life.ts';
import type { JobLimits } from './job-limits.ts';
import { type JobQuery, Ledger, type LedgerOptions } from './ledger.ts';
import type { Lookout } from './lookout.ts';
import { readMark } from './mark.ts';
import type { NewJob } from './new-job.ts';
import { Queue } from './queue.ts';

export interface JobsOptions extends LedgerOptions, Pick<JobLifeOptions, 'workers' | 'detection' | 'prepareFor'> {
  /** Holds a folder for each job, with its input in it. */
  readonly folder: string;
  readonly limits: JobLimits;
  readonly lookout: Lookout;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #ledger: Ledger;
  readonly #queue: Queue;
  /** Those that have a worker, or are getting one. */
  readonly #lives = new Map<string, JobLife>();
  #begun = false;
  #held: string | null = null;
  #closing = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
    this.#queue = new Queue(this.#ledger);
  }

  /** Takes up what an earlier daemon left: all wait again in their order, to go on where they were. */
  async open(): Promise<void> {
    const left = this.#ledger.left();
    for (const job of left) {
      this.#ledger.takeUp(job, await readMark(this.#path(job.id)));
      this.#queue.add(job.id);
    }
    if (left.length > 0) this.#options.log.info({ jobs: left.length }, 'unfinished jobs queued again');
  }

  /** Until now jobs only waited: no model was known to work, and theirs is not to fail for that. */
  begin(): void {
    if (this.#begun || this.#closing) return;
    this.#begun = true;
    this.#fill();
  }

  /** What was handed in as limits says something else from now on; jobs that run go on. */
  limitsChanged(): void {
    this.#fill();
    this.#refill();
  }

  /** No job is started from now on; those that run go on. */
  stopStarting(): void {
    this.#begun = false;
  }

  /** Running jobs pause, with this reason shown, and none is started. Null: they go on. */
  setHeld(reason: string | null): void {
    if (reason === this.#held) return;
    this.#held = reason;
    for (const life of this.#lives.values()) life.hold(reason);
    this.#fill();
  }

  /** A sentence while what happens to jobs cannot be recorded, else null. */
  get complaint(): string | null {
    return this.#ledger.complaint;
  }

  /** Throws Fault 'queue-full'. Asked before an upload is read. `key`: one that has its job needs no place for another. */
  admit(key?: string): void {
    const { queue } = this.#options.limits;
    if (this.#queue.length < queue || (key !== undefined && this.#ledger.submitted(key))) return;
    throw new Fault('queue-full', `The queue is full (${queue} waiting). Try again when a job has finished.`);
  }

  /**
   * The input already lies in the job's folder. A submission that was here before gives the job that it made then.
   * Throws Fault 'idempotency-conflict' where only its key was here before.
   */
  create(input: NewJob, submission: Submission | null = null): Job {
    const job = this.#ledger.add(input, submission);
    if (job.id !== input.id) return job;
    this.#queue.add(job.id);
    this.#fill();
    this.#refill();
    return job;
  }

  get(id: string): Job | undefined {
    return this.#ledger.get(id);
  }

  list(query: JobQuery): { jobs: Job[]; total: number } {
    return this.#ledger.list(query);
  }

  newest(limit: number): Job[] {
    return this.#ledger.newest(limit);
  }

  get counts(): { readonly pending: number; readonly running: number } {
    return { pending: this.#queue.length, running: this.#lives.size };
  }

  get progressWrites(): number {
    return this.#ledger.progressWrites;
  }

  /** Cancels a job that is alive; takes a finished one away with its files. Throws Fault 'job-not-found'. */
  async remove(id: string): Promise<'cancelled' | 'deleted'> {
    const job = this.#known(id);
    if (isFinal(job.status)) {
      await this.#delete(id);
      return 'deleted';
    }
    const life = this.#lives.get(id);
    if (life) {
      life.cancel();
      await life.outcome;
    } else {
      this.#queue.remove(id);
      this.#ledger.move(id, 'cancelled', { stage: null, completedAt: Date.now() });
    }
    return 'cancelled';
  }

  /**
   * A job that waits goes in front of `before`; null: behind all. Throws Fault 'job-not-found', or 'job-not-pending'
   * where either of them does not wait.
   */
  move(id: string, before: string | null): Job {
    return this.#queue.move(id, before);
  }

  /**
   * A failed or cancelled job waits again as the same id, and goes on where it was. Throws Fault 'job-not-found',
   * 'job-not-retryable' or 'queue-full'.
   */
  async retry(id: string): Promise<Job> {
    this.#retryable(id);
    const mark = await readMark(this.#path(id));
    await access(join(this.#path(id), jobFiles.input)).catch((cause: unknown) => {
      throw new Fault('job-not-retryable', 'The video of this job is no longer there.', { cause });
    });
    this.#retryable(id); // somebody else may have been quicker
    this.admit();
    const job = this.#ledger.revive(id, mark);
    this.#queue.add(id);
    this.#fill();
    this.#refill();
    return job;
  }

  /** Running jobs save what they have, and wait for the next daemon. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.clear();
    for (const life of this.#lives.values()) life.suspend();
    await Promise.all([...this.#lives.values()].map((life) => life.outcome));
    this.#ledger.close();
  }

  #fill(): void {
    while (this.#begun && !this.#closing && this.#held === null && this.#lives.size < this.#options.limits.running) {
      const id = this.#queue.take();
      if (id === undefined) break;
      this.#start(id);
    }
  }

  #start(id: string): void {
    const { workers, limits, detection, prepareFor, lookout, log } = this.#options;
    const life = new JobLife(id, {
      ledger: this.#ledger,
      workers,
      folder: this.#path(id),
      limits,
      detection,
      prepareFor,
      view: lookout.open(id),
      onProgress: () => this.#refill(),
      log,
    });
    this.#lives.set(id, life);
    void life.outcome.then((outcome) => {
      this.#lives.delete(id);
      lookout.close(id);
      if (outcome === 'waits' && !this.#closing) {
        // The next one would get no worker either, unless a spare is there: all wait until one is ready.
        if (!this.#options.workers.stocked) this.stopStarting();
        this.#queue.add(id);
      }
      this.#fill();
      this.#refill();
    });
  }

  /**
   * Has a spare made when the next job can be foreseen: on an idle machine, or when the next one is there to take
   * it and those that run are under way. Loading a model beside a running job would only take the machine from it.
   */
  #refill(): void {
    if (this.#closing) return;
    const underWay = [...this.#lives.keys()].every((id) => (this.#ledger.get(id)?.currentFrame ?? 0) > 0);
    const [first] = this.#queue.ids;
    const next = first === undefined ? undefined : this.#ledger.get(first);
    const fits = next !== undefined && [null, this.#options.workers.prepare.model.name].includes(next.options.model);
    if (this.#lives.size === 0 || (fits && underWay)) this.#options.workers.refill();
  }

  /** The row first; where a full disk does not take that, the files make the room for it. */
  async #delete(id: string): Promise<void> {
    const files = () => rm(this.#path(id), { recursive: true, force: true });
    try {
      this.#ledger.remove(id);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'disk-full') throw error;
      await files();
      if (isFinal(this.#known(id).status)) this.#ledger.remove(id);
    }
    await files();
  }

  #retryable(id: string): void {
    const { status } = this.#known(id);
    if (status === 'failed' || status === 'cancelled') return;
    throw new Fault('job-not-retryable', `Only a failed or cancelled job can run again; this one is ${status}.`);
  }

  #known(id: string): Job {
    const job = this.#ledger.get(id);
    if (!job) throw new Fault('job-not-found', 'Job not found');
    return job;
  }

  #path(id: string): string {
    return join(this.#options.folder, id);
  }
}
