// The only writer of job state: every change is checked, recorded, and then told. Knows no queue and no worker.
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job, type JobStatus, mayMove } from '../../contract/job.ts';
import { recordedStep } from '../../contract/progress.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobStore } from '../record/job-store.ts';

export interface LedgerOptions {
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly log: Log;
}

export type NewJob = Pick<Job, 'id' | 'pluginId' | 'tool' | 'jobType' | 'sourceName' | 'sourceBytes' | 'sourceType'>;

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
  /** Pending and running jobs, whole, oldest first. */
  readonly #active = new Map<string, Job>();
  /** The last finished ones that somebody asked for, oldest first. */
  readonly #finished = new Map<string, Job>();
  /** Jobs whose newest state the database could not take yet. */
  readonly #unrecorded = new Map<string, Job>();
  #complaint: string | null = null;
  #progressWrites = 0;

  constructor({ store, stream, log }: LedgerOptions) {
    this.#store = store;
    this.#stream = stream;
    this.#log = log;
  }

  /** Rows written for progress alone, since the start. */
  get progressWrites(): number {
    return this.#progressWrites;
  }

  /** A sentence while the database takes no writes, else null. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /** From memory for a job that is alive or lately finished, else one row by its key. */
  get(id: string): Job | undefined {
    const known = this.#active.get(id) ?? this.#finished.get(id);
    if (known) return known;
    const row = this.#store.get(id);
    if (row) this.#keep(row);
    return row;
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

  /** What an earlier daemon left, oldest first; all pending now, those that were running too. */
  takeUp(): Job[] {
    return this.#store.unfinished().map((job) => {
      // Progress that was told and not recorded is older than now: `seq` goes on growing across the restart.
      this.#active.set(job.id, { ...job, seq: Date.now() - job.createdAt });
      return job.status === 'running' ? this.move(job.id, 'pending', { stage: 'queued', startedAt: null }) : job;
    });
  }

  add(input: NewJob): Job {
    const now = Date.now();
    const job: Job = {
      ...input,
      status: 'pending',
      source: null,
      model: null,
      progress: 0,
      stage: 'queued',
      currentFrame: 0,
      totalFrames: null,
      indeterminate: false,
      held: null,
      fps: null,
      etaS: null,
      seq: 0,
      reportedAt: now,
      summary: null,
      warnings: [],
      error: null,
      createdAt: now,
      updatedAt: now,
      startedAt: null,
      completedAt: null,
    };
    this.#insert(job);
    this.#active.set(job.id, job);
    this.#log.info({ jobId: job.id, tool: job.tool, bytes: job.sourceBytes }, 'job created');
    this.#stream.emit({ kind: 'job-changed', job });
    return job;
  }

  /** A change of status, written at once. A move that the table does not know is a bug. */
  move(id: string, status: JobStatus, change: Partial<Job>): Job {
    const job = this.#active.get(id);
    if (!job) throw new Error(`job ${id} is not active`);
    if (!mayMove(job.status, status)) throw new Error(`job ${id} cannot move from ${job.status} to ${status}`);
    const now = Date.now();
    const next: Job = { ...job, ...change, status, seq: job.seq + 1, reportedAt: now, updatedAt: now };
    this.#save(next);
    if (isFinal(status)) {
      this.#active.delete(id);
      this.#keep(next);
    } else this.#active.set(id, next);
    this.#log.info({ jobId: id, from: job.status, status, error: next.error?.message }, 'job moved');
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
      this.#save(next, 'progress');
      this.#progressWrites += 1;
    }
    this.#stream.emit({ kind: 'job-progressed', job: next });
  }

  /** Of a finished job. */
  remove(id: string): void {
    try {
      this.#store.remove(id);
    } catch (error) {
      throw this.#unwritable(error);
    }
    this.#unrecorded.delete(id);
    this.#finished.delete(id);
    this.#log.info({ jobId: id }, 'job removed');
    this.#stream.emit({ kind: 'job-removed', jobId: id });
  }

  /** A job that cannot be recorded is not taken at all. */
  #insert(job: Job): void {
    try {
      this.#store.insert(job);
    } catch (error) {
      throw this.#unwritable(error);
    }
  }

  /**
   * What a full or failing disk does not take is kept here and written with the next state that it does take, so that
   * running jobs go on. A daemon that ends before that does their work again.
   */
  #save(job: Job, what: 'all' | 'progress' = 'all'): void {
    if (what === 'all') this.#unrecorded.set(job.id, job);
    try {
      for (const late of this.#unrecorded.values()) {
        this.#store.save(late);
        this.#unrecorded.delete(late.id);
      }
      if (what === 'progress') this.#store.saveProgress(job);
      this.#complaint = null;
    } catch (error) {
      this.#log.error({ err: this.#unwritable(error), jobId: job.id }, 'job could not be recorded; kept in memory');
    }
  }

  /** Rethrows what is no failure of the disk. */
  #unwritable(error: unknown): Fault {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^SQLITE_(FULL|IOERR|READONLY|BUSY)/.test(code)) throw error;
    this.#complaint = `The database cannot be written (${code}): make room on the disk of the data folder.`;
    return new Fault(code === 'SQLITE_FULL' ? 'disk-full' : 'data-not-writable', this.#complaint, { cause: error });
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
