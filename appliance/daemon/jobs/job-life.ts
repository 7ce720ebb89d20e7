// One job's life on workers, as many as it takes: one that dies is followed by another that goes on where it left off.
import { setTimeout as wait } from 'node:timers/promises';
import type { DetectionSettings } from '../../contract/detection.ts';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import { noJobOptions } from '../../contract/job-options.ts';
import type { Job } from '../../contract/job.ts';
import { requireTool } from '../../contract/plugins.ts';
import type { Log } from '../../log.ts';
import { Deaths } from './deaths.ts';
import { dropWorkFiles, hasPoster } from './job-folder.ts';
import type { JobLimits } from './job-limits.ts';
import { runJob } from './job-run.ts';
import { JobTerms, type JobTermsOptions } from './job-terms.ts';
import type { Ledger } from './ledger.ts';
import { LiveProgress, type Step } from './live-progress.ts';
import type { View } from './lookout.ts';
import { readMark } from './mark.ts';
import { Stopwatch } from './stopwatch.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface JobLifeOptions extends JobTermsOptions {
  readonly ledger: Ledger;
  /** The job's own, with its input in it. */
  readonly folder: string;
  readonly limits: Pick<JobLimits, 'hangMs' | 'stallMs' | 'longestMs'>;
  readonly view: View;
  /** Called when the job has moved on by some frames. */
  readonly onProgress: () => void;
  readonly log: Log;
}

/** `waits`: it is pending again, and its time comes when a worker can be had. */
export type Outcome = 'ended' | 'waits';

const retryMs = 1000;
/** A place of its own, near no frame. */
const beforeTheFrames = -1000;

export class JobLife {
  readonly #id: string;
  readonly #options: JobLifeOptions;
  readonly #live = new LiveProgress();
  readonly #deaths = new Deaths();
  readonly #stopwatch: Stopwatch;
  readonly #abort = new AbortController();
  #cancelled = false;
  #suspending = false;
  /** False while none could be had: what went wrong then is not the job's. */
  #hadWorker = false;
  /** False until the present worker has come to the frames: the mark is another one's until then. */
  #analyzing = false;
  #worker: WorkerProcess | null = null;
  readonly #terms: JobTerms;
  /** Why it is held, by whom. */
  readonly #held = new Map<'appliance' | 'worker' | 'record', string>();
  /** Settles when the job has ended, or waits again, and that is recorded. Rejects only for a bug. */
  readonly outcome: Promise<Outcome>;

  constructor(id: string, options: JobLifeOptions) {
    this.#id = id;
    this.#options = options;
    this.#stopwatch = new Stopwatch(options.limits);
    this.#terms = new JobTerms(options.ledger.get(id)?.options ?? noJobOptions, options);
    this.outcome = this.#run();
  }

  /** What was found so far stays. */
  cancel(): void {
    this.#cancelled = true;
    this.#abort.abort();
  }

  /** The daemon leaves: the worker saves what it has, and the job waits for the next daemon. */
  suspend(): void {
    this.#suspending = true;
    this.#abort.abort();
  }

  /** Null: goes on. */
  hold(reason: string | null): void {
    this.#worker?.send({ type: reason === null ? 'continue' : 'pause' });
    this.#stopwatch.hold('appliance', reason !== null);
    this.#setHeld('appliance', reason);
  }

  async #run(): Promise<Outcome> {
    for (;;) {
      try {
        const { summary, warnings } = await this.#attempt();
        const done = { progress: 100, stage: 'completed' as const, summary, warnings };
        const frames = { currentFrame: summary.total_frames, totalFrames: summary.total_frames };
        await this.#end('completed', { ...done, ...frames });
        return 'ended';
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        const outcome = await this.#judge(error);
        if (outcome !== 'once more') return outcome;
      }
    }
  }

  async #attempt(): Promise<Awaited<ReturnType<typeof runJob>>> {
    const { folder, limits, view } = this.#options;
    const { signal } = this.#abort;
    this.#hadWorker = false;
    this.#analyzing = false;
    const { worker, model } = await this.#terms.take(signal);
    this.#hadWorker = true;
    try {
      const detection = this.#terms.settingsFor(model);
      const job = this.#begin(model, detection);
      const reachable = await worker.enter(folder).catch((cause: unknown) => {
        throw new Fault('artifact-failed', `The job's folder cannot be used (${codeOf(cause)}).`, { cause });
      });
      this.#worker = worker;
      view.attach(worker);
      const { stallMs } = limits;
      const mayJump = this.#deaths.count === 0;
      const start = { type: 'start' as const, jobId: this.#id, tool: requireTool(job.tool), stallMs, mayJump };
      const done = runJob({
        worker,
        folder,
        signal,
        stopwatch: this.#stopwatch,
        onStep: (step) => this.#advance(step),
        onHeld: (reason) => this.#setHeld('worker', reason),
        onPreview: (preview) => view.take(preview),
        start: { ...start, ...reachable, detection },
      });
      if (this.#held.has('appliance')) worker.send({ type: 'pause' });
      return await done;
    } finally {
      this.#worker = null;
      view.detach();
      this.#stopwatch.hold('worker', false);
      this.#setHeld('worker', null);
      // Not awaited: what became of the job is known, and the supply sees to it that no process is left behind.
      void worker.end();
    }
  }

  #begin(card: ModelCard, settings: DetectionSettings): Job {
    const { ledger } = this.#options;
    const model = { name: card.name, sha256: card.sha256, provider: card.provider, settings };
    const job = ledger.get(this.#id);
    const [held = null] = this.#held.values();
    if (job?.status !== 'running') {
      return ledger.move(this.#id, 'running', { model, stage: 'probing', held, startedAt: Date.now() });
    }
    ledger.advance(this.#id, () => ({ model, stage: 'probing', fps: null, etaS: null }));
    return job;
  }

  async #judge(fault: Fault): Promise<Outcome | 'once more'> {
    if (this.#suspending && !this.#cancelled) return this.#wait();
    if (this.#abort.signal.aborted) {
      await this.#end('cancelled', {});
      return 'ended';
    }
    if (!this.#hadWorker && !this.#terms.ownModel) return this.#wait();
    if (causes.ofDisk.has(codeOf(fault.cause))) {
      this.#setHeld('record', `It waits for room: ${fault.message}`);
      await this.#pause();
      this.#setHeld('record', null);
      return 'once more';
    }
    const verdict = causes.ofDeath.has(fault.code) ? await this.#afterDeath(fault) : fault;
    if (!verdict) return 'once more';
    await this.#end('failed', { error: { code: verdict.code, message: verdict.message } });
    return 'ended';
  }

  /** Null: another worker is to try it. */
  async #afterDeath(fault: Fault): Promise<Fault | null> {
    const { folder, log } = this.#options;
    const mark = await readMark(folder);
    const frame = mark?.frame ?? 0;
    const final = this.#deaths.add(this.#analyzing ? frame : beforeTheFrames);
    log.warn({ jobId: this.#id, frame, deaths: this.#deaths.count, reason: fault.message }, 'worker lost its job');
    if (!final) return null;
    const what = fault.code === 'worker-hung' ? 'hung' : 'crashed';
    const place = `decoder ${what} at frame ${frame} (${(mark?.pts_s ?? 0).toFixed(2)} s)`;
    return new Fault('decoder-crashed', place, { cause: fault });
  }

  /** Back to the queue. */
  #wait(): Outcome {
    const { ledger } = this.#options;
    const queued = { ...still, stage: 'queued' as const, startedAt: null };
    if (ledger.get(this.#id)?.status === 'running') ledger.move(this.#id, 'pending', queued);
    return 'waits';
  }

  /** Told only when it is recorded; a full disk holds the job until then, unless somebody waits for its cancelling. */
  async #end(status: 'completed' | 'failed' | 'cancelled', change: Partial<Job>): Promise<void> {
    const { ledger, folder } = this.#options;
    const ended = { ...still, completedAt: Date.now(), hasPoster: await hasPoster(folder) };
    if (status === 'cancelled') return void ledger.move(this.#id, status, { ...ended, ...change });
    while (this.#cancelled || !ledger.moveIfRecorded(this.#id, status, { ...ended, ...change })) {
      // Whoever cancels it while the folder is looked at, or the disk is full, is told so.
      if (this.#cancelled) return void ledger.move(this.#id, 'cancelled', ended);
      // The next daemon finds the job nearly done, by its checkpoint.
      if (this.#suspending) return;
      this.#setHeld('record', `Its end cannot be recorded. ${ledger.complaint ?? ''}`);
      await this.#pause();
    }
    if (status === 'completed') await dropWorkFiles(folder);
  }

  #advance(step: Step): void {
    if (step.type === 'stage') this.#analyzing = step.stage !== 'probing';
    this.#options.ledger.advance(this.#id, (job) => this.#live.take(job, step));
    if (step.type === 'progress') this.#options.onProgress();
  }

  async #pause(): Promise<void> {
    await wait(retryMs, undefined, { signal: this.#abort.signal }).catch(() => undefined); // called off: no need to wait
  }

  #setHeld(by: 'appliance' | 'worker' | 'record', reason: string | null): void {
    if ((this.#held.get(by) ?? null) === reason) return;
    if (reason === null) this.#held.delete(by);
    else this.#held.set(by, reason);
    const [held = null] = this.#held.values();
    this.#options.ledger.advance(this.#id, () => ({ held, fps: null, etaS: null }));
  }
}

/** Of a job that no worker works on. */
const still = { held: null, indeterminate: false, fps: null, etaS: null };

const causes = {
  /** What passes when there is room again. */
  ofDisk: new Set<string>(['ENOSPC', 'EDQUOT']),
  /** What another worker may survive. */
  ofDeath: new Set<string>(['worker-died', 'worker-hung']),
};
