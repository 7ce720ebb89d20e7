// The part of a job's life that needs the network and no worker: its source comes down, or what was made goes out.
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { Ledger } from './ledger.ts';
import { NeverFits } from './never-fits.ts';
import { still } from './new-job.ts';
import { TransferProgress, type TransferStage } from './transfer-progress.ts';

export type OnBytes = (bytes: number, total: number | null) => void;
/** Why it waits for the other side; null: it goes on. */
export type OnHeld = (reason: string | null) => void;

export interface TransferLifeOptions {
  readonly ledger: Ledger;
  readonly stage: TransferStage;
  /**
   * Does it, and tells what of the job is new then. Rejects when the signal is aborted, and with a Fault; 'disk-full' is
   * waited out, but for NeverFits, and it is called again.
   */
  readonly work: (signal: AbortSignal, onBytes: OnBytes, onHeld: OnHeld) => Promise<Partial<Job>>;
  /** What the job is when it is done. */
  readonly then: 'pending' | 'completed';
  /** It has to wait while the appliance holds its jobs. */
  readonly takesRoom: boolean;
  /** Why jobs are held as it begins; null: they are not. */
  readonly held: string | null;
  /** Called when it is completed, and that is recorded; else before its end is told. */
  readonly onEnd: (status: 'completed' | 'failed' | 'cancelled') => Promise<void>;
  /** Called when it waits from now on, and when it goes on. */
  readonly onWaits: () => void;
  /** Work that is called off may take so long to stop. */
  readonly graceMs?: number;
  readonly log: Log;
}

/** The first wait behind a full disk, and the longest one: each is twice as long as the one before. */
const retryMs = 2000;
const longestRetryMs = 60_000;
/** A daemon that leaves has five seconds in all. */
const usualGraceMs = 2000;
/** Between two steps that are told. */
const stepMs = 100;

export class TransferLife {
  readonly #id: string;
  readonly #options: TransferLifeOptions;
  readonly #abort = new AbortController();
  /** Ended when jobs are held. */
  #pause = new AbortController();
  #held: string | null;
  /** What it waits for of its own, while jobs are not held. */
  #wants: string | null = null;
  #release: () => void = () => undefined;
  #cancelled = false;
  #toldAt = 0;
  /** Tells what came too soon after another step. */
  #late: NodeJS.Timeout | undefined;
  /** Settles when the job has ended, or waits again, and that is recorded. Rejects only for a bug. */
  readonly outcome: Promise<'ended' | 'waits'>;

  constructor(id: string, options: TransferLifeOptions) {
    this.#id = id;
    this.#options = options;
    this.#held = options.takesRoom ? options.held : null;
    this.outcome = this.#run();
  }

  get stage(): TransferStage {
    return this.#options.stage;
  }

  /** True while nothing moves, for what is not in its hands. */
  get waits(): boolean {
    return this.#wants !== null;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#abort.abort();
    this.#release();
  }

  /** The daemon leaves: the next one goes on. */
  suspend(): void {
    this.#abort.abort();
    this.#release();
  }

  /** Null: goes on. */
  hold(reason: string | null): void {
    if (!this.#options.takesRoom) return;
    this.#held = reason;
    this.#tell();
    if (reason === null) this.#release();
    else this.#pause.abort();
  }

  async #run(): Promise<'ended' | 'waits'> {
    const progress = new TransferProgress(this.#begin(), this.#options.stage);
    for (let rests = 1; ; rests += 1) {
      try {
        await this.#freed();
        const signal = AbortSignal.any([this.#abort.signal, this.#pause.signal]);
        signal.throwIfAborted();
        const change = await this.#stoppable(this.#work(progress, signal));
        this.#want(null);
        return await this.#arrive(change);
      } catch (error) {
        this.#want(null);
        if (this.#cancelled) return await this.#end('cancelled', {});
        if (this.#abort.signal.aborted) return this.#wait({});
        if (this.#pause.signal.aborted) continue;
        if (!(error instanceof Fault)) throw error;
        if (error.code !== 'disk-full' || error instanceof NeverFits) {
          return await this.#end('failed', { error: { code: error.code, message: error.message } });
        }
        this.#want(`It waits for room: ${error.message}`);
        await this.#rest(Math.min(retryMs * 2 ** (rests - 1), longestRetryMs));
        this.#want(null);
      } finally {
        clearTimeout(this.#late);
      }
    }
  }

  #work(progress: TransferProgress, signal: AbortSignal): Promise<Partial<Job>> {
    // What was left behind may go on to tell.
    const onBytes: OnBytes = (bytes, total) => {
      if (!signal.aborted) this.#advance(progress, bytes, total);
    };
    const onHeld: OnHeld = (reason) => {
      if (!signal.aborted) this.#want(reason);
    };
    return this.#options.work(signal, onBytes, onHeld);
  }

  /** Of work that does not heed its signal, such as a call to a share whose server is gone, nobody waits for the end. */
  #stoppable<Result>(work: Promise<Result>): Promise<Result> {
    const { graceMs = usualGraceMs, stage, log } = this.#options;
    const { signal } = this.#abort;
    return new Promise((resolve, reject) => {
      let grace: NodeJS.Timeout | undefined;
      const leave = () => {
        grace = setTimeout(() => {
          log.warn({ jobId: this.#id, stage }, 'transfer does not stop; it is left behind');
          reject(new Error('left behind'));
        }, graceMs);
      };
      signal.addEventListener('abort', leave, { once: true });
      void work.then(resolve, reject).finally(() => {
        clearTimeout(grace);
        signal.removeEventListener('abort', leave);
      });
    });
  }

  #begin(): Job {
    const { ledger, stage } = this.#options;
    const begun = { stage, held: this.#held, fps: null, etaS: null };
    const job = ledger.get(this.#id);
    if (job?.status !== 'running') return ledger.move(this.#id, 'running', { ...begun, startedAt: Date.now() });
    ledger.advance(this.#id, () => begun);
    return job;
  }

  async #freed(): Promise<void> {
    while (this.#held !== null && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => (this.#release = resolve));
    }
    this.#pause = new AbortController();
  }

  #advance(progress: TransferProgress, bytes: number, total: number | null): void {
    clearTimeout(this.#late);
    const now = Date.now();
    const since = Math.abs(now - this.#toldAt);
    if (bytes !== total && since < stepMs) {
      this.#late = setTimeout(() => this.#advance(progress, bytes, total), stepMs - since);
      return;
    }
    this.#toldAt = now;
    this.#options.ledger.advance(this.#id, (job) => progress.take(job, bytes, total, now));
  }

  async #arrive(change: Partial<Job>): Promise<'ended' | 'waits'> {
    if (this.#options.then === 'pending') return this.#wait(change);
    return this.#end('completed', { ...change, progress: 100, stage: 'completed' });
  }

  #wait(change: Partial<Job>): 'waits' {
    this.#options.ledger.move(this.#id, 'pending', { ...still, stage: 'queued', startedAt: null, ...change });
    return 'waits';
  }

  /** Told only when it is recorded, unless somebody waits for its cancelling. */
  async #end(status: 'completed' | 'failed' | 'cancelled', change: Partial<Job>): Promise<'ended' | 'waits'> {
    const { ledger, onEnd } = this.#options;
    if (status !== 'completed') await onEnd(status);
    const ended = () => ({ ...still, ...change, completedAt: Date.now() });
    while (!this.#cancelled && !ledger.moveIfRecorded(this.#id, status, ended())) {
      // The next daemon finds all of it done.
      if (this.#abort.signal.aborted) return this.#wait({});
      this.#want(`Its end cannot be recorded. ${ledger.complaint ?? ''}`);
      await this.#rest(retryMs);
    }
    if (this.#cancelled) ledger.move(this.#id, 'cancelled', { ...still, completedAt: Date.now() });
    else if (status === 'completed') await onEnd(status);
    return 'ended';
  }

  async #rest(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined); // called off: no need to wait
  }

  #want(reason: string | null): void {
    if (reason === this.#wants) return;
    this.#wants = reason;
    this.#tell();
    this.#options.onWaits();
  }

  #tell(): void {
    const held = this.#held ?? this.#wants;
    this.#options.ledger.advance(this.#id, () => ({ held, etaS: null }));
  }
}
