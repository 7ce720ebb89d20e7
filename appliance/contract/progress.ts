// Stages, their weights, and how work becomes a percentage. Pure: no clock. Free of zod, so that the kiosk reads it as well.

/** In the order in which a job passes them; each job has those of its pipeline. */
export const stages = [
  'queued',
  'downloading',
  'probing',
  'analyzing',
  'annotating',
  'clipping',
  'packaging',
  'delivering',
  'completed',
] as const;
export type Stage = (typeof stages)[number];

/** One stage of a job and the share of the whole that it carries, in percent. */
export interface StageWeight {
  readonly stage: Stage;
  readonly weight: number;
}

/** Of a job that names no pipeline. */
export const plainStages: readonly StageWeight[] = [
  { stage: 'probing', weight: 1 },
  { stage: 'analyzing', weight: 97 },
  { stage: 'packaging', weight: 2 },
];

/** The same shares with a sum of 100. Throws RangeError where none is above 0, or one is no number of at least 0. */
export function normalised(weights: readonly StageWeight[]): StageWeight[] {
  for (const { stage, weight } of weights) {
    if (!Number.isFinite(weight) || weight < 0) {
      throw new RangeError(`weight of ${stage}: ${shown(weight)} is not a number of 0 or more`);
    }
  }
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) throw new RangeError('one stage at least must weigh more than 0');
  return weights.map(({ stage, weight }) => ({ stage, weight: (weight * 100) / sum }));
}

/** Frames that a source of unknown length is taken to have: the older dialect's heuristic. */
const assumedFrames = 100;

/**
 * Share of a stage that is done, 0..1. Held at 0.99 while frames are still coming, so that
 * neither an unknown length nor a wrong count can reach the end before the work does.
 */
export function frameShare(currentFrame: number, totalFrames: number | null): number {
  const total = totalFrames !== null && totalFrames > 0 ? totalFrames : assumedFrames;
  if (totalFrames !== null && currentFrame >= totalFrames) return 1;
  return Math.min(Math.max(currentFrame, 0) / total, 0.99);
}

/** The step that the database keeps: a new row is written only when it grows. */
export function recordedStep(progress: number): number {
  return Math.floor(progress / 5);
}

/**
 * How far one job is, by what it is told: an integer 0..99 that never falls, and 100 when it is completed. Whatever the
 * order in which it is told things, it ends at the furthest of them.
 */
export class ProgressTracker {
  readonly #stages: readonly (StageWeight & { readonly floor: number })[];
  #progress: number;
  #ended = false;

  /** `from`: what was told of the job before. Throws RangeError as `normalised` does. */
  constructor(weights: readonly StageWeight[], from = 0) {
    let floor = 0;
    this.#stages = normalised(weights).map((one) => {
      const placed = { ...one, floor };
      floor += one.weight;
      return placed;
    });
    this.#progress = percent(from);
  }

  get progress(): number {
    return this.#progress;
  }

  /** Jumps to the stage's floor. Throws RangeError for one that the job does not have. */
  start(stage: Stage): number {
    return this.incremental(stage, 0);
  }

  /** Inside the stage. `share` of it that is done, 0..1. Throws RangeError for anything else. */
  incremental(stage: Stage, share: number): number {
    if (!Number.isFinite(share) || share < 0 || share > 1) {
      throw new RangeError(`share of ${stage}: ${shown(share)} is not a number between 0 and 1`);
    }
    const { floor, weight } = this.#placeOf(stage);
    // What lies on a whole number must not fall below it for a rounding error.
    return this.#reach(Math.floor(floor + weight * share + 1e-9));
  }

  /** Throws RangeError for what is no integer 0..100. */
  explicit(progress: number): number {
    return this.#reach(percent(progress));
  }

  /** Once: 100 is said by completion alone, and what failed or was cancelled stays where it was. */
  end(status: 'completed' | 'failed' | 'cancelled'): number {
    if (status === 'completed' && !this.#ended) this.#progress = 100;
    this.#ended = true;
    return this.#progress;
  }

  #reach(progress: number): number {
    if (!this.#ended) this.#progress = Math.max(this.#progress, Math.min(progress, 99));
    return this.#progress;
  }

  #placeOf(stage: Stage) {
    if (stage === 'queued') return { floor: 0, weight: 0 };
    if (stage === 'completed') return { floor: 100, weight: 0 };
    const place = this.#stages.find((one) => one.stage === stage);
    if (place) return place;
    throw new RangeError(`this job has no stage ${shown(stage)}: ${this.#stages.map((one) => one.stage).join(', ')}`);
  }
}

function percent(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 100) return value;
  throw new RangeError(`progress: ${shown(value)} is not a whole number between 0 and 100`);
}

/** As it would be written: a text has its quotes, so that "5" is not taken for 5. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
