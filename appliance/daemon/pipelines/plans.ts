// From a pipeline as it is written to the plan of a job. Pure.
import { type Plan, usualWeights, type WorkStage } from '../../contract/plan.ts';
import { normalised, type StageWeight } from '../../contract/progress.ts';
import type { WrittenPipeline } from './book.ts';

type Written = WrittenPipeline['stages'];

/** In the order in which a job passes them. Those that every job has are done whether they are written or not. */
const written = {
  downloading: ['download', 'asked'],
  probing: ['probe', 'always'],
  analyzing: ['analyse', 'always'],
  annotating: ['annotate', 'asked'],
  clipping: ['clip', 'asked'],
  packaging: ['package', 'always'],
  delivering: ['deliver', 'asked'],
} as const satisfies Record<WorkStage, readonly [keyof Written, 'asked' | 'always']>;

/** With their weights as they are written, or usual. */
export function stagesOf(stages: Written): StageWeight[] {
  return Object.entries(written).flatMap(([stage, [key, when]]) => {
    const named = stage as WorkStage; // the table's own keys
    if (when === 'asked' && stages[key] === undefined) return [];
    return [{ stage: named, weight: stages[key]?.weight ?? usualWeights[named] }];
  });
}

/** Throws RangeError where no stage weighs anything. */
export function planOf(pipeline: string, { stages }: WrittenPipeline): Plan {
  return {
    pipeline,
    stages: normalised(stagesOf(stages)),
    clips: stages.clip?.rules ?? [],
    deliver: stages.deliver?.to ?? [],
  };
}
