// The only writer of job state: every change is checked, recorded, and then told. Knows no queue and no worker.
import { Fault } from '../../contract/fault.ts';
import type { Mark } from '../../contract/frame.ts';
import { isFinal, type Job, type JobStatus, mayMove } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobQuery, JobStore, Submission } from '../record/job-store.ts';
import { type NewJob, newJob } from './new-job.ts';
import { byRank } from './queue-ranks.ts';
import { Recorder } from './recorder.ts';
import { Remembered } from './remembered.ts';
import { laterSeq, stepped } from './seq.ts';
import { isRecorded } from './step.ts';

export interface LedgerOptions {
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly log: Log;
}

export class Ledger {
  readonly #store: JobStore;
  readonly #stream: EventStream;
  readonly #log: Log;
  readonly #recorder: Recorder;
  /** Pending and running jobs, whole. */
  readonly #active = new Map<string, Job>();
  readonly #finished = new Remembered();

  constructor({ store, stream, log }: LedgerOptions) {
    this.#store = store;
    this.#stream = stream;
    this.#log = log;
    this.#recorder = new Recorder({ store, log });
  }

  /** Rows written for progress alone, since the start. */
  get progressWrites(): number {
    return this.#recorder.progressWrites;
  }

  /** A sentence while the database takes no writes, else null. */
  get complaint(): string | null {
    return this.#recorder.complaint;
  }

  /** From memory for a job that is alive or lately finished, else one row by its key. */
  get(id: string): Job | undefined {
    const known = this.#active.get(id) ?? this.#finished.get(id);
    if (known) return known;
    const row = this.#store.get(id);
    if (row) this.#finished.keep(row);
    return row;
  }

  /** True where a job was made of a submit under this key. */
  submitted(key: string): boolean {
    return this.#store.submitted(key) !== undefined;
  }

  /** Newest first. `total`: all jobs of these statuses. */
  list(query: JobQuery): { jobs: Job[]; total: number } {
    return {
      jobs: this.#store.list(query).map((row) => this.#active.get(row.id) ?? this.#finished.get(row.id) ?? row),
      total: this.#store.count(query.statuses),
    };
  }

  /** Every job that is alive, newest first. */
  alive(): Job[] {
    // Those that an earlier daemon left came in the order of the queue.
    return [...this.#active.values()].reverse().sort((one, other) => other.createdAt - one.createdAt);
  }

  /** Every job that is alive, however old, and the newest others up to `limit`; newest first. */
  newest(limit: number): Job[] {
    const { jobs } = this.list({ limit, skip: 0 });
    const listed = new Set(jobs.map((job) => job.id));
    return [...jobs, ...this.alive().filter((job) => !listed.has(job.id))];
  }

  /** Pending and running jobs that an earlier daemon left, in the order in which they are to run. */
  left(): Job[] {
    return this.#store
      .unfinished()
      .filter(({ outside }) => outside === null)
      .sort(byRank);
  }

  /** Of the appliance's own jobs that are alive, but for these; null where there are no others. */
  highestRank(except: ReadonlySet<string> = new Set()): number | null {
    const own = [...this.#active.values()].filter(({ id, outside }) => outside === null && !except.has(id));
    const ranks = own.map(({ queueRank }) => queueRank);
    return ranks.length === 0 ? null : Math.max(...ranks);
  }

  /** Gives jobs that are alive other places in the queue. */
  rank(ranks: ReadonlyMap<string, number>): void {
    const updatedAt = Date.now();
    const ranked = [...ranks].map(([id, queueRank]): Job => {
      const job = this.#alive(id);
      return { ...job, queueRank, seq: job.seq + 1, updatedAt: Math.max(updatedAt, job.updatedAt) };
    });
    this.#recorder.saveRanks(ranked);
    for (const job of ranked) this.#active.set(job.id, job);
    for (const job of ranked) this.#stream.emit({ kind: 'job-changed', job });
  }

  /** One of those: it waits again. `mark`: how far it had come, which was told and not recorded. */
  takeUp(row: Job, mark: Mark | null): void {
    const progress = Math.max(row.progress ?? 0, mark?.progress ?? 0);
    const frames = mark && { currentFrame: mark.most_frames, totalFrames: mark.total_frames };
    const job: Job = { ...row, ...frames, progress: mark ? progress : row.progress, seq: laterSeq(row) };
    this.#active.set(job.id, job);
    if (job.status === 'running') this.move(job.id, 'pending', { stage: 'queued', startedAt: null });
  }

  /** One of a program outside, that an earlier daemon left: it is worked on all the time. */
  goOn(row: Job): void {
    this.#active.set(row.id, { ...row, seq: laterSeq(row) });
  }

  /** A job that failed or was cancelled waits again, as far as it had come. `change`: what of it is new. */
  revive(id: string, mark: Mark | null, change: Partial<Job> = {}): Job {
    const job = this.get(id);
    if (!job) throw new Error(`there is no job ${id}`);
    const queueRank = this.#lastRank();
    this.#active.set(id, { ...job, currentFrame: Math.max(job.currentFrame, mark?.most_frames ?? 0) });
    this.#finished.forget(id);
    const ended = { error: null, startedAt: null, completedAt: null };
    return this.move(id, 'pending', { stage: 'queued', queueRank, ...ended, ...change });
  }

  /**
   * Throws Fault 'idempotency-conflict' where something else was submitted under this key; where it was the same, gives
   * the job that was made then.
   */
  add(input: NewJob, submission: Submission | null = null): Job {
    const earlier = submission && this.#store.submitted(submission.key);
    const known = earlier && this.get(earlier.jobId);
    if (earlier && earlier.sha256 !== submission.sha256) {
      throw new Fault('idempotency-conflict', 'This Idempotency-Key was used for another submit.');
    }
    if (known) return known;
    return this.#added(newJob(input, this.#lastRank()), submission);
  }

  /** A job that runs already, elsewhere. `replaced`: a finished one that goes with its coming, or stays where it cannot. */
  addRunning(input: NewJob, replaced: string | null = null): Job {
    const job = newJob(input, this.#lastRank());
    return this.#added({ ...job, status: 'running', stage: null, startedAt: job.createdAt }, null, replaced);
  }

  #added(job: Job, submission: Submission | null, replaced: string | null = null): Job {
    this.#recorder.insert(job, submission, replaced);
    if (replaced !== null) this.#removed(replaced);
    this.#active.set(job.id, job);
    this.#log.info({ jobId: job.id, tools: job.tools, bytes: job.sourceBytes }, 'job created');
    this.#stream.emit({ kind: 'job-changed', job });
    return job;
  }

  /**
   * A change of status, written at once; where the disk does not take it, it is kept and written later. A move that the
   * table does not know is a bug.
   */
  move(id: string, status: JobStatus, change: Partial<Job>): Job {
    const next = this.#next(id, status, change);
    this.#recorder.save(next);
    return this.#moved(next);
  }

  /** The same where it can be recorded now. False: nothing was changed and nothing told. */
  moveIfRecorded(id: string, status: JobStatus, change: Partial<Job>): boolean {
    const next = this.#next(id, status, change);
    if (!this.#recorder.saveNow(next)) return false;
    this.#moved(next);
    return true;
  }

  /** What is said of a job that is alive; its status stays. Written as `move` does. */
  amend(id: string, change: Partial<Job>): Job {
    const next = stepped(this.#alive(id), change);
    this.#recorder.save(next);
    this.#active.set(id, next);
    this.#stream.emit({ kind: 'job-changed', job: next });
    return next;
  }

  #next(id: string, status: JobStatus, change: Partial<Job>): Job {
    const job = this.#alive(id);
    if (!mayMove(job.status, status)) throw new Error(`job ${id} cannot move from ${job.status} to ${status}`);
    return { ...stepped(job, change), status };
  }

  #alive(id: string): Job {
    const job = this.#active.get(id);
    if (!job) throw new Error(`job ${id} is not active`);
    return job;
  }

  /** Behind all that are alive. */
  #lastRank(): number {
    return Math.max(Date.now(), (this.highestRank() ?? 0) + 1);
  }

  #moved(next: Job): Job {
    if (isFinal(next.status)) {
      this.#active.delete(next.id);
      this.#finished.keep(next);
    } else this.#active.set(next.id, next);
    this.#log.info({ jobId: next.id, status: next.status, error: next.error?.message }, 'job moved');
    this.#stream.emit({ kind: 'job-changed', job: next });
    return next;
  }

  /**
   * A step of a running job: told always, written where it says enough. `isNews`: more is new than a delta of progress
   * has a place for. What comes after its end is ignored.
   */
  advance(id: string, change: (job: Job) => Partial<Job>, isNews = false): void {
    const job = this.#active.get(id);
    if (job?.status !== 'running') return;
    const next: Job = { ...job, ...change(job), seq: job.seq + 1 };
    this.#active.set(id, next);
    if (isNews || isRecorded(job, next)) this.#recorder.saveProgress(next);
    // So is what the probe saw.
    const kind = isNews || next.source !== job.source ? 'job-changed' : 'job-progressed';
    this.#stream.emit({ kind, job: next });
  }

  /** Of a finished job. */
  remove(id: string): void {
    this.#recorder.remove(id);
    this.#removed(id);
  }

  #removed(id: string): void {
    this.#finished.forget(id);
    this.#log.info({ jobId: id }, 'job removed');
    this.#stream.emit({ kind: 'job-removed', jobId: id });
  }

  close(): void {
    this.#recorder.close();
  }
}
