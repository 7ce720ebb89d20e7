// What is done for one job, decided when it is submitted: its stages with their weights, and what each of them is to make.
import { z } from 'zod';
import { normalised, plainStages, type Stage, stages } from './progress.ts';

/** Which moments of a video become clips of their own: as long as something of the kind is seen. */
export const ClipRule = z.strictObject({
  /** The name by which the class is told. */
  class: z.string().min(1).max(200),
  /** Detections below do not count, 0..1. */
  min_confidence: z.number().min(0).max(1).default(0.5),
  /** Seconds for which it must be seen. */
  min_duration_s: z.number().min(0).max(3600).default(1),
  /** Seconds without it that do not end the clip. */
  max_gap_s: z.number().min(0).max(600).default(1),
  /** Seconds kept before and behind it. */
  pre_roll_s: z.number().min(0).max(600).default(2),
  post_roll_s: z.number().min(0).max(600).default(2),
});
export type ClipRule = Readonly<z.infer<typeof ClipRule>>;

export const StageWeight = z.object({ stage: z.enum(stages), weight: z.number().min(0) });

export const Plan = z.object({
  /** Its name in pipelines.yaml; null for a job that named none. */
  pipeline: z.string().nullable(),
  /** In their order; the weights are percent with a sum of 100. */
  stages: z.array(StageWeight).min(1),
  /** Moments that become clips; none without the stage `clipping`. */
  clips: z.array(ClipRule).max(50),
  /** Names of the targets in the settings that get what was made; none without the stage `delivering`. */
  deliver: z.array(z.string()).max(20),
});
export type Plan = Readonly<z.infer<typeof Plan>>;

export const plainPlan: Plan = { pipeline: null, stages: [...plainStages], clips: [], deliver: [] };

/** Of a job that also gets its video with boxes drawn on it. Most of it is done while the frames are analysed. */
export const annotatedPlan: Plan = {
  ...plainPlan,
  stages: [
    { stage: 'probing', weight: 1 },
    { stage: 'analyzing', weight: 92 },
    { stage: 'annotating', weight: 5 },
    { stage: 'packaging', weight: 2 },
  ],
};

/** Shares of stages that name none, before they are normalised. */
export const usualWeights = {
  downloading: 10,
  probing: 1,
  analyzing: 80,
  annotating: 5,
  clipping: 5,
  packaging: 2,
  delivering: 10,
} as const satisfies Record<Exclude<Stage, 'queued' | 'completed'>, number>;

export type WorkStage = keyof typeof usualWeights;

export function hasStage(plan: Plan, stage: Stage): boolean {
  return plan.stages.some((one) => one.stage === stage);
}

/** The same with this stage in its place, where it has none; the others make room for its usual weight, in percent. */
export function withStage(plan: Plan, stage: WorkStage): Plan {
  if (hasStage(plan, stage)) return plan;
  const weight = usualWeights[stage];
  const others = normalised(plan.stages).map((one) => ({ ...one, weight: (one.weight * (100 - weight)) / 100 }));
  const inOrder = [...others, { stage, weight }].sort((a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage));
  return { ...plan, stages: inOrder };
}

/** The same without this stage; the others share what it had. Throws RangeError where they weigh nothing. */
export function withoutStage(plan: Plan, stage: WorkStage): Plan {
  if (!hasStage(plan, stage)) return plan;
  return { ...plan, stages: normalised(plan.stages.filter((one) => one.stage !== stage)) };
}
