// The pipelines as REST shows them: what each does, and where to. Without secrets.
import { z } from 'zod';
import { ClipRule, StageWeight } from './plan.ts';

export const PipelineView = z.object({
  name: z.string(),
  description: z.string(),
  /** In their order; the weights are percent with a sum of 100. */
  stages: z.array(StageWeight),
  /** What it analyses by where a submit names none; null: the submit has to. */
  plugin_id: z.string().nullable(),
  tools: z.array(z.string()),
  clips: z.array(ClipRule),
  /** What gets what is made, and where that is. */
  delivers_to: z.array(
    z.object({
      target: z.string(),
      kind: z.enum(['folder', 's3', 'http']),
      /** `<job_id>` stands for the job's id. */
      place: z.string(),
    }),
  ),
});
export type PipelineView = z.infer<typeof PipelineView>;

export const PipelineList = z.object({ pipelines: z.array(PipelineView) });
