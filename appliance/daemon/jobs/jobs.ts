// Jobs from their making to their end: who waits, who runs, who is cancelled. The ledger keeps what became of them.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, type FaultCode } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import { toolIds } from '../../contract/plugins.ts';
import { runJob } from './job-run.ts';
import { type JobQuery, Ledger, type LedgerOptions, type NewJob } from './ledger.ts';
import { LiveProgress, type Step } from './live-progress.ts';
import type { WorkerSupply } from './worker-supply.ts';

export interface JobLimits {
  /** Jobs that run at the same time. */
  readonly running: number;
  /** Jobs that may wait. */
  readonly queue: number;
  readonly hangMs: number;
  readonly stallMs: number;
}

export interface JobsOptions extends LedgerOptions {
  readonly workers: WorkerSupply;
  /** Holds a folder for each job, with its input in it. */
  readonly folder: string;
  readonly limits: JobLimits;
  /** For every detection: scores below and overlaps above are dropped, 0..1. */
  readonly detection: { readonly confidence: number; readonly iou: number };
}

interface Run {
  readonly abort: AbortController;
  /** Settles when the job has ended and that is recorded. */
  readonly ended: Promise<void>;
}

/** What keeps every worker from starting. */
const modelFaults: ReadonlySet<FaultCode> = new Set([
  'model-missing',
  'model-invalid',
  'provider-unavailable',
  'gstreamer-incomplete',
]);

export class Jobs {
  readonly #options: JobsOptions;
  readonly #ledger: Ledger;
  /** Ids of pending jobs, in their order. */
  readonly #queue: string[] = [];
  readonly #runs = new Map<string, Run>();
  #begun = false;
  #closing = false;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
  }

  /** Takes up what an earlier daemon left: all wait again in their order, those that were running start over. */
  open(): void {
    const left = this.#ledger.takeUp();
    this.#queue.push(...left.map((job) => job.id));
    if (left.length > 0) this.#options.log.info({ jobs: left.length }, 'unfinished jobs queued again');
  }

  /** Until now jobs only waited: no model was known to work, and theirs is not to fail for that. */
  begin(): void {
    if (this.#begun || this.#closing) return;
    this.#begun = true;
    this.#fill();
  }

  /** No job is started from now on; those that run go on. */
  hold(): void {
    this.#begun = false;
  }

  /** A sentence while what happens to jobs cannot be recorded, else null. */
  get complaint(): string | null {
    return this.#ledger.complaint;
  }

  /** Throws Fault 'queue-full'. Asked before an upload is read. */
  admit(): void {
    const { queue } = this.#options.limits;
    if (this.#queue.length >= queue) {
      throw new Fault('queue-full', `The queue is full (${queue} waiting). Try again when a job has finished.`);
    }
  }

  /** The input already lies in the job's folder. */
  create(input: NewJob): Job {
    const job = this.#ledger.add(input);
    this.#queue.push(job.id);
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
    return { pending: this.#queue.length, running: this.#runs.size };
  }

  get progressWrites(): number {
    return this.#ledger.progressWrites;
  }

  /** Cancels a job that is alive; takes a finished one away with its files. Throws Fault 'job-not-found'. */
  async remove(id: string): Promise<'cancelled' | 'deleted'> {
    const job = this.#ledger.get(id);
    if (!job) throw new Fault('job-not-found', 'Job not found');
    if (isFinal(job.status)) {
      this.#ledger.remove(id);
      await rm(this.#path(id), { recursive: true, force: true });
      return 'deleted';
    }
    const run = this.#runs.get(id);
    if (run) {
      run.abort.abort();
      await run.ended;
    } else {
      this.#queue.splice(this.#queue.indexOf(id), 1);
      this.#ledger.move(id, 'cancelled', { stage: null, completedAt: Date.now() });
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
        this.#refill();
      });
      this.#runs.set(id, { abort, ended });
    }
  }

  /**
   * Has a spare made when the next job can be foreseen: on an idle machine, or when a job waits and those that run are
   * under way. Loading a model beside a running job would only take the machine from it.
   */
  #refill(): void {
    if (this.#closing) return;
    const underWay = [...this.#runs.keys()].every((id) => (this.#ledger.get(id)?.currentFrame ?? 0) > 0);
    if (this.#runs.size === 0 || (this.#queue.length > 0 && underWay)) this.#options.workers.refill();
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { workers, limits, detection } = this.#options;
    const live = new LiveProgress();
    try {
      const { worker, model } = await workers.take(signal);
      const job = this.#ledger.move(id, 'running', {
        model: { name: model.name, sha256: model.sha256, provider: model.provider },
        stage: 'probing',
        startedAt: Date.now(),
      });
      const { summary, warnings } = await runJob({
        worker,
        signal,
        hangMs: limits.hangMs,
        onStep: (step) => this.#advance(id, live, step),
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
      this.#ledger.move(id, 'completed', {
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

  #fail(id: string, error: unknown): void {
    if (this.#closing) return;
    if (!(error instanceof Fault)) throw error;
    if (modelFaults.has(error.code) && this.#ledger.get(id)?.status === 'pending') {
      // Not the job's failure, and the next one would fare no better: all wait until a worker is ready again.
      this.hold();
      this.#queue.unshift(id);
      return;
    }
    const ending = { indeterminate: false, fps: null, etaS: null, completedAt: Date.now() };
    if (error.code === 'cancelled') {
      this.#ledger.move(id, 'cancelled', ending);
    } else {
      this.#ledger.move(id, 'failed', { ...ending, error: { code: error.code, message: error.message } });
    }
  }

  #advance(id: string, live: LiveProgress, step: Step): void {
    this.#ledger.advance(id, (job) => live.take(job, step));
    if (step.type === 'progress') this.#refill();
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
