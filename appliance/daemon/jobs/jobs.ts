// The only writer of job state: every move is checked, recorded, and then told.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import { isFinal, type Job, type JobStatus, mayMove } from '../../contract/job.ts';
import { toolIds } from '../../contract/plugins.ts';
import { recordedStep } from '../../contract/progress.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobStore } from '../record/job-store.ts';
import { runJob } from './job-run.ts';
import { LiveProgress, type Step } from './live-progress.ts';
import type { Supplied, WorkerSupply } from './worker-supply.ts';

export interface JobLimits {
  /** Jobs that run at the same time. */
  readonly running: number;
  /** Jobs that may wait. */
  readonly queue: number;
  readonly hangMs: number;
  readonly stallMs: number;
}

export interface JobsOptions {
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly workers: WorkerSupply;
  /** Holds a folder for each job, with its input in it. */
  readonly folder: string;
  readonly limits: JobLimits;
  /** For every detection: scores below and overlaps above are dropped, 0..1. */
  readonly detection: { readonly confidence: number; readonly iou: number };
  readonly log: Log;
}

export type NewJob = Pick<Job, 'id' | 'pluginId' | 'tool' | 'jobType' | 'sourceName' | 'sourceBytes' | 'sourceType'>;

interface Run {
  readonly abort: AbortController;
  /** Settles when the job has ended and that is recorded. */
  readonly ended: Promise<void>;
}

/** Finished jobs that are kept in memory for clients that go on asking. */
const keptFinished = 1000;

export class Jobs {
  readonly #options: JobsOptions;
  readonly #log: Log;
  /** Pending and running jobs, whole. */
  readonly #active = new Map<string, Job>();
  /** The last finished ones, oldest first. */
  readonly #finished = new Map<string, Job>();
  /** Ids of pending jobs, in their order. */
  readonly #queue: string[] = [];
  readonly #runs = new Map<string, Run>();
  #begun = false;
  #closing = false;
  #progressWrites = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** Takes up what an earlier daemon left: all wait again in their order, those that were running start over. */
  open(): void {
    const left = this.#options.store.unfinished();
    for (const job of left) {
      this.#active.set(job.id, job);
      this.#queue.push(job.id);
      if (job.status === 'running') this.#move(job.id, 'pending', { stage: 'queued', startedAt: null });
    }
    if (left.length > 0) this.#log.info({ jobs: left.length }, 'unfinished jobs queued again');
  }

  /** Until now jobs only waited: no model was known to work, and theirs is not to fail for that. */
  begin(): void {
    this.#begun = true;
    this.#fill();
  }

  /** Throws Fault 'queue-full'. Asked before an upload is read. */
  admit(): void {
    const { queue } = this.#options.limits;
    if (this.#queue.length >= queue) {
      throw new Fault('queue-full', `The queue is full: ${queue} jobs are waiting. Try again when one has finished.`);
    }
  }

  /** The input already lies in the job's folder. */
  create(input: NewJob): Job {
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
    this.#options.store.insert(job);
    this.#active.set(job.id, job);
    this.#queue.push(job.id);
    this.#log.info({ jobId: job.id, tool: job.tool, bytes: job.sourceBytes }, 'job created');
    this.#options.stream.emit({ kind: 'job-changed', job });
    this.#fill();
    return job;
  }

  /** From memory for a job that is alive or lately finished, else one row by its key. */
  get(id: string): Job | undefined {
    const known = this.#active.get(id) ?? this.#finished.get(id);
    if (known) return known;
    const row = this.#options.store.get(id);
    if (row) this.#keep(row);
    return row;
  }

  /** Newest first. `total`: all jobs of these statuses. */
  list(query: { limit: number; skip: number; statuses?: readonly JobStatus[] | undefined }): {
    jobs: Job[];
    total: number;
  } {
    const { store } = this.#options;
    return {
      jobs: store.list(query).map((row) => this.#active.get(row.id) ?? this.#finished.get(row.id) ?? row),
      total: store.count(query.statuses),
    };
  }

  /** Every job that is alive, however old, and the newest others up to `limit`; newest first. */
  newest(limit: number): Job[] {
    const { jobs } = this.list({ limit, skip: 0 });
    const listed = new Set(jobs.map((job) => job.id));
    return [...jobs, ...[...this.#active.values()].reverse().filter((job) => !listed.has(job.id))];
  }

  get counts(): { readonly pending: number; readonly running: number } {
    return { pending: this.#queue.length, running: this.#runs.size };
  }

  /** Rows written for progress alone, since the start. */
  get progressWrites(): number {
    return this.#progressWrites;
  }

  /** Cancels a job that is alive; takes a finished one away with its files. Throws Fault 'job-not-found'. */
  async remove(id: string): Promise<'cancelled' | 'deleted'> {
    const job = this.get(id);
    if (!job) throw new Fault('job-not-found', 'Job not found');
    if (isFinal(job.status)) {
      this.#options.store.remove(id);
      this.#finished.delete(id);
      this.#log.info({ jobId: id }, 'job removed');
      this.#options.stream.emit({ kind: 'job-removed', jobId: id });
      await rm(this.#path(id), { recursive: true, force: true });
      return 'deleted';
    }
    const run = this.#runs.get(id);
    if (run) {
      run.abort.abort();
      await run.ended;
    } else {
      this.#queue.splice(this.#queue.indexOf(id), 1);
      this.#move(id, 'cancelled', { stage: null, completedAt: Date.now() });
    }
    return 'cancelled';
  }

  /** Running jobs stay recorded as running: the next daemon takes them up. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.length = 0;
    for (const run of this.#runs.values()) run.abort.abort();
    await Promise.all([...this.#runs.values()].map((run) => run.ended));
  }

  #fill(): void {
    while (this.#begun && !this.#closing && this.#runs.size < this.#options.limits.running) {
      const id = this.#queue.shift();
      if (id === undefined) break;
      const abort = new AbortController();
      const ended = this.#run(id, abort.signal).finally(() => {
        this.#runs.delete(id);
        this.#fill();
        // While another job runs, its first frame is the moment to refill.
        if (this.#runs.size === 0 && !this.#closing) this.#options.workers.refill();
      });
      this.#runs.set(id, { abort, ended });
    }
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { limits, detection } = this.#options;
    const live = new LiveProgress();
    try {
      const { worker, model } = await this.#take(signal);
      const job = this.#move(id, 'running', {
        model: { name: model.name, sha256: model.sha256, provider: model.provider },
        startedAt: Date.now(),
      });
      const { summary, warnings } = await runJob({
        worker,
        signal,
        hangMs: limits.hangMs,
        onStep: (step) => this.#progress(id, live, step),
        start: {
          type: 'start',
          jobId: id,
          inputPath: join(this.#path(id), jobFiles.input),
          artifactDir: this.#path(id),
          tool: knownTool(job.tool),
          stallMs: limits.stallMs,
          ...detection,
        },
      });
      this.#move(id, 'completed', {
        progress: 100,
        stage: 'completed',
        currentFrame: summary.total_frames,
        totalFrames: summary.total_frames,
        indeterminate: false,
        fps: null,
        etaS: null,
        summary,
        warnings,
        completedAt: Date.now(),
      });
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** A worker; or Fault 'cancelled' at once, even while a model is still loading. */
  async #take(signal: AbortSignal): Promise<Supplied> {
    const taken = this.#options.workers.take();
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Cancelled')), { once: true });
    });
    try {
      return await Promise.race([taken, aborted]);
    } catch (error) {
      // Whatever comes too late is not needed; a worker that could not start ends by itself.
      void taken.then(
        ({ worker }) => worker.end(),
        () => undefined,
      );
      throw error;
    }
  }

  #fail(id: string, error: unknown): void {
    if (this.#closing) return;
    if (!(error instanceof Fault)) throw error;
    const ending = { indeterminate: false, fps: null, etaS: null, completedAt: Date.now() };
    if (error.code === 'cancelled') {
      this.#move(id, 'cancelled', ending);
    } else {
      this.#move(id, 'failed', { ...ending, error: { code: error.code, message: error.message } });
    }
  }

  #progress(id: string, live: LiveProgress, step: Step): void {
    const job = this.#active.get(id);
    if (job?.status !== 'running') return;
    const next: Job = { ...job, ...live.take(job, step), seq: job.seq + 1 };
    this.#active.set(id, next);
    if (recordedStep(next.progress ?? 0) > recordedStep(job.progress ?? 0)) {
      this.#options.store.saveProgress(next);
      this.#progressWrites += 1;
    }
    // The next spare is forked once this job is under way, so that its first frame has the machine to itself.
    if (step.type === 'progress') this.#options.workers.refill();
    this.#options.stream.emit({ kind: 'job-progressed', job: next });
  }

  #move(id: string, status: JobStatus, change: Partial<Job>): Job {
    const job = this.#active.get(id);
    if (!job) throw new Error(`job ${id} is not active`);
    if (!mayMove(job.status, status)) throw new Error(`job ${id} cannot move from ${job.status} to ${status}`);
    const now = Date.now();
    const next: Job = { ...job, ...change, status, seq: job.seq + 1, reportedAt: now, updatedAt: now };
    this.#options.store.save(next);
    this.#active.set(id, next);
    if (isFinal(status)) {
      this.#active.delete(id);
      this.#keep(next);
    }
    this.#log.info({ jobId: id, from: job.status, status, error: next.error?.message }, 'job moved');
    this.#options.stream.emit({ kind: 'job-changed', job: next });
    return next;
  }

  #keep(job: Job): void {
    this.#finished.delete(job.id);
    this.#finished.set(job.id, job);
    for (const oldest of this.#finished.keys()) {
      if (this.#finished.size <= keptFinished) break;
      this.#finished.delete(oldest);
    }
  }

  #path(id: string): string {
    return join(this.#options.folder, id);
  }
}

/** A row may name a tool that an older or newer release had. */
function knownTool(name: string): (typeof toolIds)[number] {
  const tool = toolIds.find((id) => id === name);
  if (!tool) throw new Fault('tool-not-found', `Tool '${name}' is not part of this release.`);
  return tool;
}
