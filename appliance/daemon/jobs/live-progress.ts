// What a worker's reports mean for the job: stage, frames, rate, time left, percentage. Never goes back.
import type { Job } from '../../contract/job.ts';
import { frameShare, ProgressTracker, type Stage, type StageWeight } from '../../contract/progress.ts';
import type { Report } from './worker-process.ts';

/** The rate is that of the last so many milliseconds. */
const rateWindowMs = 3000;

/** Stages in which the job's tools have not ended. */
const beforeTheEnd: ReadonlySet<Stage> = new Set(['queued', 'downloading', 'probing', 'analyzing']);

type Change = Partial<Job>;
/** The reports that move a job along. */
export type Step = Extract<Report, { type: 'stage' | 'probed' | 'progress' | 'share' }>;

export class LiveProgress {
  readonly #samples: { readonly ts: number; readonly frame: number }[] = [];
  readonly #tracker: ProgressTracker;

  /** `from`: how far the job had come before. */
  constructor(stages: readonly StageWeight[], from: number) {
    this.#tracker = new ProgressTracker(stages, from);
  }

  /** The fields of the job that this report changes. */
  take(job: Job, report: Step): Change {
    const change = this.#read(job, report);
    return {
      ...change,
      progress: this.#tracker.progress,
      reportedAt: report.ts,
      updatedAt: Math.max(Date.now(), job.updatedAt),
    };
  }

  #read(job: Job, report: Step): Change {
    switch (report.type) {
      case 'stage':
        this.#tracker.start(report.stage);
        this.#samples.length = 0;
        return {
          stage: report.stage,
          // They work side by side and end together, before what follows.
          toolsCompleted: beforeTheEnd.has(report.stage) ? 0 : job.tools.length,
          // Until a tool says otherwise: it may be one that never reports a frame.
          indeterminate: report.stage === 'analyzing',
          fps: null,
          etaS: null,
        };
      case 'probed':
        return { source: report.source, totalFrames: report.source.frames };
      case 'progress': {
        const { currentFrame, totalFrames } = report;
        this.#tracker.incremental('analyzing', frameShare(currentFrame, totalFrames));
        const fps = this.#rate(report.ts, currentFrame);
        const left = totalFrames === null ? null : Math.max(totalFrames - currentFrame, 0);
        return {
          currentFrame: Math.max(job.currentFrame, currentFrame),
          totalFrames,
          indeterminate: false,
          fps: fps === null ? null : round(fps),
          etaS: fps === null || fps === 0 || left === null ? null : round(left / fps),
        };
      }
      case 'share':
        this.#tracker.incremental(report.stage, Math.min(Math.max(report.share, 0), 1));
        return {};
      default:
        return report satisfies never;
    }
  }

  /** Frames a second, or null while too little is known. */
  #rate(ts: number, frame: number): number | null {
    if ((this.#samples.at(-1)?.ts ?? ts) > ts) this.#samples.length = 0; // the clock was set back
    this.#samples.push({ ts, frame });
    while (this.#samples.length > 2 && (this.#samples[0]?.ts ?? ts) < ts - rateWindowMs) this.#samples.shift();
    const first = this.#samples[0];
    if (!first || ts - first.ts < 100) return null;
    return ((frame - first.frame) * 1000) / (ts - first.ts);
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
