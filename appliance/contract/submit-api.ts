// A job whose source the appliance downloads itself: what `POST /v1/jobs` and MQTT's `cmd/submit` take.
import { z } from 'zod';
import { JobOptions } from './job-options.ts';

const ToolName = z.string().min(1).max(200);
const { model, confidence, classes, pipeline } = JobOptions.shape;

export const SubmitUrlRequest = z
  .strictObject({
    /** http or https, by the rules of the settings' `downloads`. */
    url: z.string().min(1).max(4096),
    /** Left out: the pipeline's, else `yolo-tracker`. */
    plugin_id: z.string().min(1).max(200).optional(),
    /** One, or several that look at the same decode; left out: those of the pipeline. Not beside `tools`. */
    tool: z.union([ToolName, z.array(ToolName).min(1).max(20)]).optional(),
    tools: z.array(ToolName).min(1).max(20).optional(),
    pipeline: pipeline.unwrap().nullish(),
    model: model.nullish(),
    confidence: confidence.nullish(),
    classes: classes.nullish(),
    annotated: z.boolean().optional(),
    /** As the job's source is called for people; left out: the last part of the URL's path. */
    name: z.string().min(1).max(255).optional(),
  })
  .refine(({ tool, tools }) => tool === undefined || tools === undefined, {
    path: ['tools'],
    error: 'expected either tool or tools, not both',
  });
export type SubmitUrlRequest = z.infer<typeof SubmitUrlRequest>;
