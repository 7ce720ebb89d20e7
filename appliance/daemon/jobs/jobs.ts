// Jobs from their making to their end: who waits, who runs, who is cancelled. The ledger keeps what became of them.
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { JobQuery, Submission } from '../record/job-store.ts';
import { JobLife, type JobLifeOptions } from './job-life.ts';
import type { JobLimits } from './job-limits.ts';
import { Ledger, type LedgerOptions } from './ledger.ts';
import type { Lookout } from './lookout.ts';
import { readMark } from './mark.ts';
import type { NewJob } from './new-job.ts';
import type { OutsideLedger } from './outside-jobs.ts';
import { Queue } from './queue.ts';
import { removeJob } from './remove-job.ts';
import { mayRetry, wayBack } from './retry.ts';
import { awaitsSource, type Carriers, leftToDeliver, Transfers } from './transfers.ts';

export interface JobsOptions
  extends LedgerOptions, Pick<JobLifeOptions, 'workers' | 'detection' | 'prepareFor' | 'plugins'> {
  /** Holds a folder for each job, with its input in it. */
  readonly folder: string;
  readonly limits: JobLimits;
  readonly lookout: Lookout;
  /** Left out: no job asks for the network. */
  readonly carriers?: Carriers | undefined;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #ledger: Ledger;
  readonly #queue: Queue;
  readonly #transfers: Transfers;
  /** Those that have a worker, or are getting one. */
  readonly #lives = new Map<string, JobLife>();
  #begun = false;
  #held: string | null = null;
  #closing = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
    this.#queue = new Queue(this.#ledger);
    const means = { ...options, ledger: this.#ledger, queue: this.#queue, onWaits: () => this.#fill() };
    this.#transfers = new Transfers({ ...means, onOver: (id, outcome) => this.#over(id, outcome) });
  }

  /** Takes up what an earlier daemon left: all wait again in their order, to go on where they were. */
  async open(): Promise<void> {
    const left = this.#ledger.left();
    for (const job of left) {
      this.#ledger.takeUp(job, await readMark(this.#path(job.id)));
      const made = await leftToDeliver(job, this.#options);
      if (made) this.#transfers.deliver(job.id, made);
      else this.#queue.add(job.id);
    }
    this.#transfers.begin();
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
    this.#next();
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
    this.#transfers.hold(reason);
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
    this.#next();
    return job;
  }

  /** For jobs that are worked on outside: they never wait, and take no worker. */
  get ledger(): OutsideLedger {
    return this.#ledger;
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
    return { pending: this.#queue.length, running: this.#lives.size + this.#transfers.count };
  }

  get progressWrites(): number {
    return this.#ledger.progressWrites;
  }

  /** Cancels a job that is alive; takes a finished one away with its files. Throws Fault 'job-not-found'. */
  async remove(id: string): Promise<'cancelled' | 'deleted'> {
    const job = this.#known(id);
    if (isFinal(job.status)) {
      await removeJob(this.#ledger, id, this.#path(id));
      return 'deleted';
    }
    const life = this.#lives.get(id) ?? this.#transfers.get(id);
    life?.cancel();
    await life?.outcome;
    if (life) return 'cancelled';
    this.#queue.remove(id);
    this.#ledger.move(id, 'cancelled', { stage: null, completedAt: Date.now() });
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
   * 'job-not-retryable', 'outside-job' or 'queue-full'.
   */
  async retry(id: string): Promise<Job> {
    mayRetry(this.#known(id));
    const { mark, made, change } = await wayBack(this.#known(id), this.#options);
    mayRetry(this.#known(id)); // somebody else may have been quicker
    this.admit();
    this.#ledger.revive(id, mark, change);
    if (made) this.#transfers.deliver(id, made);
    else this.#queue.add(id);
    this.#next();
    return this.#known(id);
  }

  /** Running jobs save what they have, and wait for the next daemon. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.clear();
    for (const life of this.#lives.values()) life.suspend();
    await Promise.all([...[...this.#lives.values()].map((life) => life.outcome), this.#transfers.close()]);
    this.#ledger.close();
  }

  #next(): void {
    this.#fill();
    this.#refill();
  }

  #fill(): void {
    if (this.#closing) return;
    this.#transfers.fill();
    const isFree = () => this.#lives.size < this.#options.limits.running && !this.#transfers.full;
    while (this.#begun && this.#held === null && isFree()) {
      const id = this.#queue.take((one) => !awaitsSource(this.#known(one)));
      if (id === undefined) break;
      this.#start(id);
    }
  }

  #over(id: string, outcome: 'ended' | 'waits'): void {
    if (this.#closing) return;
    if (outcome === 'waits') this.#queue.add(id);
    this.#next();
  }

  #start(id: string): void {
    const { lookout } = this.#options;
    const life = new JobLife(id, {
      ...this.#options,
      ledger: this.#ledger,
      folder: this.#path(id),
      view: lookout.open(id),
      onProgress: () => this.#refill(),
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
      if (typeof outcome === 'object' && !this.#closing) this.#transfers.deliver(id, outcome);
      this.#next();
    });
  }

  /**
   * Has a spare made when the next job can be foreseen: on an idle machine, or when the next one is there to take
   * it and those that run are under way. Loading a model beside a running job would only take the machine from it.
   */
  #refill(): void {
    if (this.#closing) return;
    const underWay = [...this.#lives.keys()].every((id) => (this.#ledger.get(id)?.currentFrame ?? 0) > 0);
    const next = this.#queue.ids.map((id) => this.#known(id)).find((job) => !awaitsSource(job));
    const fits = next !== undefined && [null, this.#options.workers.prepare.model.name].includes(next.options.model);
    if (this.#lives.size === 0 || (fits && underWay)) this.#options.workers.refill();
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
