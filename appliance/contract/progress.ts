// Stages, their weights, and how frames become a percentage. Pure: no clock, no state.

/** In the order in which a job passes them. */
export const stages = ['queued', 'probing', 'analyzing', 'packaging', 'completed'] as const;
export type Stage = (typeof stages)[number];

/** Share of the whole that each stage carries; the sum is 100. */
export const weights = {
  queued: 0,
  probing: 1,
  analyzing: 97,
  packaging: 2,
  completed: 0,
} as const satisfies Record<Stage, number>;

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

/** Overall progress, an integer 0..99 by floor: 100 is said only by the job's completion. */
export function overallProgress(stage: Stage, share: number): number {
  const before = stages.slice(0, stages.indexOf(stage)).reduce((sum, name) => sum + weights[name], 0);
  return Math.min(Math.floor(before + weights[stage] * Math.min(Math.max(share, 0), 1)), 99);
}

/** The step that the database keeps: a new row is written only when it grows. */
export function recordedStep(progress: number): number {
  return Math.floor(progress / 5);
}
