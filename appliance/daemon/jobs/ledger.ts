// The only writer of job state: every change is checked, recorded, and then told. Knows no queue and no worker.
import { Fault } from '../../contract/fault.ts';
import type { Mark } from '../../contract/frame.ts';
import { isFinal, type Job, type JobStatus, mayMove } from '../../contract/job.ts';
import { recordedStep } from '../../contract/progress.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobStore, Submission } from '../record/job-store.ts';
import { type NewJob, newJob } from './new-job.ts';
import { byRank } from './queue-ranks.ts';
import { Recorder } from './recorder.ts';

export interface LedgerOptions {
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly log: Log;
}

export interface JobQuery {
  readonly limit: number;
  readonly skip: number;
  /** All of them where absent. */
  readonly statuses?: readonly JobStatus[] | undefined;
}

/** Finished jobs that are kept in memory for clients that go on asking. */
const keptFinished = 1000;

export class Ledger {
  readonly #store: JobStore;
  readonly #stream: EventStream;
  readonly #log: Log;
  readonly #recorder: Recorder;
  /** Pending and running jobs, whole, oldest first. */
  readonly #active = new Map<string, Job>();
  /** The last finished ones that somebody asked for, oldest first. */
  readonly #finished = new Map<string, Job>();
  #progressWrites = 0;

  constructor({ store, stream, log }: LedgerOptions) {
    this.#store = store;
    this.#stream = stream;
    this.#log = log;
    this.#recorder = new Recorder({ store, log });
  }

  /** Rows written for progress alone, since the start. */
  get progressWrites(): number {
    return this.#progressWrites;
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
    if (row) this.#keep(row);
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

  /** Every job that is alive, however old, and the newest others up to `limit`; newest first. */
  newest(limit: number): Job[] {
    const { jobs } = this.list({ limit, skip: 0 });
    const listed = new Set(jobs.map((job) => job.id));
    return [...jobs, ...[...this.#active.values()].reverse().filter((job) => !listed.has(job.id))];
  }

  /** Pending and running jobs that an earlier daemon left, in the order in which they are to run. */
  left(): Job[] {
    return this.#store.unfinished().sort(byRank);
  }

  /** Of the jobs that are alive, but for these; null where there are no others. */
  highestRank(except: ReadonlySet<string> = new Set()): number | null {
    const ranks = [...this.#active.values()].filter(({ id }) => !except.has(id)).map(({ queueRank }) => queueRank);
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
    // What was told and not recorded is older than now: `seq` goes on growing across the restart.
    const seq = Math.max(Date.now(), row.updatedAt + 1) - row.createdAt;
    const job: Job = { ...row, ...frames, progress: mark ? progress : row.progress, seq };
    this.#active.set(job.id, job);
    if (job.status === 'running') this.move(job.id, 'pending', { stage: 'queued', startedAt: null });
  }

  /** A job that failed or was cancelled waits again, as far as it had come. */
  revive(id: string, mark: Mark | null): Job {
    const job = this.get(id);
    if (!job) throw new Error(`there is no job ${id}`);
    const queueRank = this.#lastRank();
    this.#active.set(id, { ...job, currentFrame: Math.max(job.currentFrame, mark?.most_frames ?? 0) });
    this.#finished.delete(id);
    const ended = { error: null, startedAt: null, completedAt: null };
    return this.move(id, 'pending', { stage: 'queued', queueRank, ...ended });
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
    const job = newJob(input, this.#lastRank());
    this.#recorder.insert(job, submission);
    this.#active.set(job.id, job);
    this.#log.info({ jobId: job.id, tool: job.tool, bytes: job.sourceBytes }, 'job created');
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

  #next(id: string, status: JobStatus, change: Partial<Job>): Job {
    const job = this.#alive(id);
    if (!mayMove(job.status, status)) throw new Error(`job ${id} cannot move from ${job.status} to ${status}`);
    const now = Date.now();
    return { ...job, ...change, status, seq: job.seq + 1, reportedAt: now, updatedAt: Math.max(now, job.updatedAt) };
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
      this.#keep(next);
    } else this.#active.set(next.id, next);
    this.#log.info({ jobId: next.id, status: next.status, error: next.error?.message }, 'job moved');
    this.#stream.emit({ kind: 'job-changed', job: next });
    return next;
  }

  /** A step of a running job: told always, written when its twentieth grows. What comes after its end is ignored. */
  advance(id: string, change: (job: Job) => Partial<Job>): void {
    const job = this.#active.get(id);
    if (job?.status !== 'running') return;
    const next: Job = { ...job, ...change(job), seq: job.seq + 1 };
    this.#active.set(id, next);
    if (recordedStep(next.progress ?? 0) > recordedStep(job.progress ?? 0)) {
      this.#recorder.saveProgress(next);
      this.#progressWrites += 1;
    }
    // What the probe saw is news of the job itself; a delta of progress has no place for it.
    const kind = next.source === job.source ? 'job-progressed' : 'job-changed';
    this.#stream.emit({ kind, job: next });
  }

  /** Of a finished job. */
  remove(id: string): void {
    this.#recorder.remove(id);
    this.#finished.delete(id);
    this.#log.info({ jobId: id }, 'job removed');
    this.#stream.emit({ kind: 'job-removed', jobId: id });
  }

  close(): void {
    this.#recorder.close();
  }

  #keep(job: Job): void {
    this.#finished.delete(job.id);
    this.#finished.set(job.id, job);
    for (const oldest of this.#finished.keys()) {
      if (this.#finished.size <= keptFinished) break;
      this.#finished.delete(oldest);
    }
  }
}
