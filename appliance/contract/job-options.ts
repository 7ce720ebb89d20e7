// What a submit may ask of its job beside the tools; what is left out comes from the model's settings when the job begins.
import { z } from 'zod';
import { ModelName } from './model-api.ts';

export const PipelineName = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'expected a name of letters, digits, dots, dashes and underscores, at most 64');

export const JobOptions = z.strictObject({
  /** The job runs on this model; null: on the one that is in use when it begins. */
  model: ModelName.nullable(),
  /** Scores below are dropped, 0..1. */
  confidence: z.number().min(0).max(1).nullable(),
  /** Of these classes alone, by the model's own names. */
  classes: z.array(z.string().min(1).max(200)).min(1).max(2000).nullable(),
  /** A pipeline of pipelines.yaml; null: analyse alone. */
  pipeline: PipelineName.nullable().default(null),
  /** The video with boxes drawn on it is made as well. */
  annotated: z.boolean().default(false),
});
export type JobOptions = Readonly<z.infer<typeof JobOptions>>;

export const noJobOptions: JobOptions = {
  model: null,
  confidence: null,
  classes: null,
  pipeline: null,
  annotated: false,
};
