// What bytes on their way mean for the job: percentage and time left. Never goes back.
import type { Job } from '../../contract/job.ts';
import { ProgressTracker } from '../../contract/progress.ts';

export type TransferStage = 'downloading' | 'delivering';

/** The rate is that of the time since the first bytes; before so many milliseconds nothing is said of it. */
const settledMs = 1000;

export class TransferProgress {
  readonly #stage: TransferStage;
  readonly #tracker: ProgressTracker;
  #first: { readonly bytes: number; readonly ms: number } | null = null;

  constructor(job: Job, stage: TransferStage) {
    this.#stage = stage;
    this.#tracker = new ProgressTracker(job.plan.stages, job.progress ?? 0);
    this.#tracker.start(stage);
  }

  /** The fields of the job that this changes. `total`: null while it is unknown. `now`: ms since 1970. */
  take(job: Job, bytes: number, total: number | null, now: number): Partial<Job> {
    if (total !== null && total > 0) this.#tracker.incremental(this.#stage, Math.min(bytes / total, 1));
    return {
      stage: this.#stage,
      progress: this.#tracker.progress,
      indeterminate: total === null,
      etaS: total === null ? null : this.#left(bytes, total, now),
      reportedAt: now,
      updatedAt: Math.max(now, job.updatedAt),
      ...(this.#stage === 'downloading' ? { sourceBytes: bytes } : {}),
    };
  }

  /** Seconds. */
  #left(bytes: number, total: number, now: number): number | null {
    if (this.#first === null || this.#first.bytes > bytes || this.#first.ms > now) this.#first = { bytes, ms: now };
    const { bytes: before, ms } = this.#first;
    if (now - ms < settledMs || bytes === before) return null;
    return Math.round(((total - bytes) * (now - ms)) / (bytes - before) / 100) / 10;
  }
}
