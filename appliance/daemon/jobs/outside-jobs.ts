// Jobs that programs outside work on and tell of: shown like any other, but they never wait and take no worker.
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import { ProgressTracker } from '../../contract/progress.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobStore } from '../record/job-store.ts';
import type { Ledger } from './ledger.ts';
import { OutsidePace } from './outside-pace.ts';
import {
  type Announced,
  type End,
  endIn,
  failure,
  named,
  type OutsideReport,
  spoken,
  toldOf,
  toNewJob,
  wordBehind,
} from './outside-words.ts';

/** Of the ledger what never touches the appliance's own jobs. */
export type OutsideLedger = Pick<
  Ledger,
  'get' | 'addRunning' | 'goOn' | 'amend' | 'advance' | 'move' | 'remove' | 'alive'
>;

export interface OutsideJobsOptions {
  readonly ledger: OutsideLedger;
  readonly store: Pick<JobStore, 'outside'>;
  readonly stream: EventStream;
  /** A job of which nothing is heard for so long fails. */
  readonly silentMs: number;
  readonly log: Log;
}

interface Watched {
  readonly tracker: ProgressTracker;
  /** By `performance.now()`, since the clock of a machine that has just begun may jump by years. */
  heardAt: number;
  recordedAt: number;
}

export const mostActive = 200;
const keptFinished = 20;
/** So old may be what the database knows of when a job was last heard of. */
const recordMs = 600_000;
/** After a start that long at least: while the appliance was away, nobody could be heard. */
const graceMs = 3_600_000;

export class OutsideJobs {
  readonly #options: OutsideJobsOptions;
  /** Job ids by the programs' own. */
  readonly #ids = new Map<string, string>();
  readonly #active = new Map<string, Watched>();
  /** The programs' own ids of those that are kept, by job id, the one that ended first in front. */
  readonly #ended = new Map<string, string>();
  /** Those of which more is new than the database keeps of a step. */
  readonly #renamed = new Set<string>();
  readonly #pace = new OutsidePace((jobId) => this.#tellWhole(jobId));
  #unsubscribe: readonly (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutsideJobsOptions) {
    this.#options = options;
  }

  /** Goes on with those that an earlier daemon left. */
  open(): void {
    const { store, ledger, stream, silentMs } = this.#options;
    const left = store.outside().sort((one, other) => endOf(one) - endOf(other));
    for (const job of left) {
      const { id } = toldOf(job);
      this.#ids.set(id, job.id);
      if (isFinal(job.status)) this.#ended.set(job.id, id);
      else {
        ledger.goOn(job);
        const silence = Math.min(Math.max(Date.now() - job.updatedAt, 0), Math.max(silentMs - graceMs, 0));
        this.#watch(job, performance.now() - silence);
      }
    }
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#note(job)),
      stream.on('job-removed', ({ jobId }) => this.#forget(jobId)),
    ];
    this.#timer = setInterval(() => this.#look(), Math.min(silentMs / 4, recordMs)).unref();
    this.#prune();
  }

  /** By the program's own id. */
  find(id: string): Job | undefined {
    const jobId = this.#ids.get(id);
    return jobId === undefined ? undefined : this.#options.ledger.get(jobId);
  }

  /**
   * A new job; one that is under way under this id is told of anew, one that has ended makes room. Throws Fault
   * 'queue-full', or what keeps a job from being recorded.
   */
  begin(announced: Announced): { readonly job: Job; readonly isNew: boolean } {
    const { ledger } = this.#options;
    const known = this.find(announced.id);
    if (known && !isFinal(known.status)) {
      return { job: this.#rename(known, announced), isNew: false };
    }
    if (this.#active.size >= mostActive) {
      throw new Fault(
        'queue-full',
        `${mostActive} jobs of programs outside are under way. Try again when one has ended.`,
      );
    }
    const job = ledger.addRunning({ ...toNewJob(announced), id: randomUUID() }, known?.id);
    this.#ids.set(announced.id, job.id);
    this.#watch(job, performance.now());
    return { job, isNew: true };
  }

  /** Throws Fault 'outside-job' for one that has ended, unless the same end is told once more. */
  tell(id: string, report: OutsideReport): Job {
    const { ledger } = this.#options;
    const job = this.find(id);
    if (!job) throw new Fault('job-not-found', `Job ${id} not found`);
    const end = endIn(report);
    const watched = this.#active.get(job.id);
    if (isFinal(job.status) || !watched) {
      if (job.status === end) return job;
      throw new Fault('outside-job', `Job ${id} is already ${job.status}; create it anew to begin again.`);
    }
    const progress = watched.tracker.explicit(report.progress);
    const outside = spoken(toldOf(job), report.word ?? end ?? wordBehind(job, progress));
    if (end) return this.#end(job, end, { outside, error: end === 'failed' ? failure(report) : null });
    if (this.#heard(job.id)) return ledger.amend(job.id, { progress, outside });
    const says = outside !== job.outside;
    if (says || progress !== job.progress) this.#step(job, { progress, outside }, says && this.#pace.mayTell(job.id));
    return ledger.get(job.id) ?? job;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#pace.close();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #watch({ id, plan, progress }: Job, heardAt: number): void {
    const tracker = new ProgressTracker(plan.stages, progress ?? 0);
    this.#active.set(id, { tracker, heardAt, recordedAt: heardAt });
  }

  #rename(job: Job, announced: Announced): Job {
    const { ledger } = this.#options;
    const outside = { ...announced, status: toldOf(job).status };
    if (!this.#heard(job.id) && isDeepStrictEqual(outside, job.outside)) return job;
    const change = { ...named(announced), outside };
    if (this.#pace.mayTell(job.id)) return ledger.amend(job.id, change);
    this.#renamed.add(job.id);
    this.#step(job, change, false);
    return ledger.get(job.id) ?? job;
  }

  #step({ id, updatedAt }: Job, change: Partial<Job>, isNews: boolean): void {
    const now = Date.now();
    const times = { reportedAt: now, updatedAt: Math.max(now, updatedAt) };
    this.#options.ledger.advance(id, () => ({ ...times, ...change }), isNews);
  }

  /** What was known and not told whole. */
  #tellWhole(jobId: string): void {
    const { ledger } = this.#options;
    if (this.#renamed.delete(jobId)) ledger.amend(jobId, {});
    else ledger.advance(jobId, () => ({}), true);
  }

  #end(job: Job, end: End, change: Pick<Job, 'outside' | 'error'>): Job {
    const progress = this.#active.get(job.id)?.tracker.end(end) ?? job.progress;
    const completed = end === 'completed' ? ({ stage: 'completed', toolsCompleted: 1 } as const) : { stage: null };
    return this.#options.ledger.move(job.id, end, { ...change, ...completed, progress, completedAt: Date.now() });
  }

  /** True where the row is to be written for its time alone. */
  #heard(jobId: string): boolean {
    const watched = this.#active.get(jobId);
    if (!watched) return false;
    watched.heardAt = performance.now();
    const due = watched.heardAt - watched.recordedAt >= recordMs;
    if (due) watched.recordedAt = watched.heardAt;
    return due;
  }

  /** Whoever ended it. */
  #note({ id, status, outside }: Job): void {
    if (!outside || !isFinal(status)) return;
    this.#active.delete(id);
    this.#renamed.delete(id);
    this.#pace.forget(id);
    this.#ended.set(id, outside.id);
    this.#prune();
  }

  #forget(jobId: string): void {
    const id = this.#ended.get(jobId);
    this.#ended.delete(jobId);
    if (id !== undefined && this.#ids.get(id) === jobId) this.#ids.delete(id);
  }

  #prune(): void {
    for (const [jobId] of [...this.#ended].slice(0, -keptFinished)) {
      try {
        this.#options.ledger.remove(jobId);
      } catch (err) {
        if (!(err instanceof Fault)) throw err;
        this.#options.log.warn({ err, jobId }, 'old job of a program outside stays; it goes with the next that ends');
        return;
      }
      this.#forget(jobId);
    }
  }

  #look(): void {
    const { silentMs, ledger } = this.#options;
    const now = performance.now();
    for (const [jobId, { heardAt }] of [...this.#active]) {
      const job = ledger.get(jobId);
      if (!job || now - heardAt < silentMs) continue;
      const message = `Nothing was heard of this job for ${hours(silentMs)}.`;
      this.#end(job, 'failed', { outside: job.outside, error: { code: 'outside-silent', message } });
    }
  }
}

function endOf({ completedAt, updatedAt }: Job): number {
  return completedAt ?? updatedAt;
}

function hours(ms: number): string {
  const count = Math.round(ms / 360_000) / 10;
  return `${count} ${count === 1 ? 'hour' : 'hours'}`;
}
