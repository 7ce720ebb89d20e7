// One job's life on workers, as many as it takes: one that dies is followed by another that goes on where it left off.
import { setTimeout as wait } from 'node:timers/promises';
import type { DetectionSettings } from '../../contract/detection.ts';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import { noJobOptions } from '../../contract/job-options.ts';
import type { Job } from '../../contract/job.ts';
import { hasStage, plainPlan } from '../../contract/plan.ts';
import type { Log } from '../../log.ts';
import { afterLastDeath, blamed, isHopeless } from './blame.ts';
import { Deaths } from './deaths.ts';
import { type DeliveryNote, handOver } from './delivery-note.ts';
import { Holds } from './holds.ts';
import { dropWorkFiles, hasPoster } from './job-folder.ts';
import type { JobLimits } from './job-limits.ts';
import { runJob } from './job-run.ts';
import { JobTerms, type JobTermsOptions } from './job-terms.ts';
import type { Ledger } from './ledger.ts';
import { LiveProgress, type Step } from './live-progress.ts';
import type { View } from './lookout.ts';
import { readMark } from './mark.ts';
import { still } from './new-job.ts';
import { describeClips, dropProducts } from './products.ts';
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

/** `waits`: it is pending again, and its time comes when a worker can be had. A note: all is made, and is to be delivered. */
export type Outcome = 'ended' | 'waits' | DeliveryNote;

const retryMs = 1000;
/** A place of its own, near no frame. */
const beforeTheFrames = -1000;

export class JobLife {
  readonly #id: string;
  readonly #options: JobLifeOptions;
  readonly #live: LiveProgress;
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
  readonly #held = new Holds();
  /** Settles when the job has ended, or waits again, and that is recorded. Rejects only for a bug. */
  readonly outcome: Promise<Outcome>;

  constructor(id: string, options: JobLifeOptions) {
    this.#id = id;
    this.#options = options;
    this.#stopwatch = new Stopwatch(options.limits);
    const { options: asked = noJobOptions, plan = plainPlan, progress = 0 } = options.ledger.get(id) ?? {};
    this.#terms = new JobTerms(asked, options);
    this.#live = new LiveProgress(plan.stages, progress ?? 0);
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
        const { summary, warnings, products } = await this.#attempt();
        const { tools = [], plan = plainPlan } = this.#options.ledger.get(this.#id) ?? {};
        const made = { summary, warnings, products };
        if (hasStage(plan, 'delivering')) return await handOver(this.#options.folder, made, this.#abort.signal);
        const done = { progress: 100, stage: 'completed' as const, ...made };
        const frames = { currentFrame: summary.total_frames, totalFrames: summary.total_frames };
        await this.#end('completed', { ...done, ...frames, toolsCompleted: tools.length });
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
      await dropProducts(folder);
      const reachable = await worker.enter(folder).catch((cause: unknown) => {
        throw new Fault('artifact-failed', `The job's folder cannot be used (${codeOf(cause)}).`, { cause });
      });
      this.#worker = worker;
      view.attach(worker);
      const { stallMs } = limits;
      const mayJump = this.#deaths.count === 0;
      const { pluginId, tools, plan } = job;
      const plugin = await this.#terms.placeOf(pluginId, signal);
      const what = { pluginId, ...plugin, tools, stages: plan.stages, clips: plan.clips };
      const start = { type: 'start' as const, jobId: this.#id, ...what, stallMs, mayJump };
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
      const { products } = await done;
      await describeClips(folder, { ...job, products });
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
    const held = this.#held.reason;
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
    const job = this.#options.ledger.get(this.#id) ?? { pluginId: '', tools: [''] };
    const verdict = causes.ofDeath.has(fault.code) ? await this.#afterDeath(fault, job) : blamed(fault, job);
    if (!verdict) return 'once more';
    await this.#end('failed', { error: { code: verdict.code, message: verdict.message } });
    return 'ended';
  }

  /** Null: another worker is to try it. */
  async #afterDeath(fault: Fault, job: Pick<Job, 'pluginId' | 'tools'>): Promise<Fault | null> {
    const { folder, log } = this.#options;
    const mark = await readMark(folder);
    const frame = mark?.frame ?? 0;
    const final = this.#deaths.add(this.#analyzing ? frame : beforeTheFrames);
    log.warn({ jobId: this.#id, frame, deaths: this.#deaths.count, reason: fault.message }, 'worker lost its job');
    if (!final && !isHopeless(fault, job)) return null;
    return afterLastDeath(fault, job, { frame, ptsS: mark?.pts_s ?? 0 });
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
    if (status !== 'completed') await dropProducts(folder);
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

  #setHeld(...[by, reason]: Parameters<Holds['set']>): void {
    if (!this.#held.set(by, reason)) return;
    this.#options.ledger.advance(this.#id, () => ({ held: this.#held.reason, fps: null, etaS: null }));
  }
}

const causes = {
  /** What passes when there is room again. */
  ofDisk: new Set<string>(['ENOSPC', 'EDQUOT']),
  /** What another worker may survive. */
  ofDeath: new Set<string>(['worker-died', 'worker-hung']),
};
