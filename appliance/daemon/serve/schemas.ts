// The answers of REST that are not in the contract's own schemas: read by OpenAPI only.
import { z } from 'zod';
import { JobItem, RestStatus } from '../../contract/api.ts';
import { ModelCard, ResultFrame, SourceInfo, Summary } from '../../contract/frame.ts';
import { JobModel } from '../../contract/job.ts';
import { PluginManifest } from '../../contract/plugins.ts';

export const Detail = z.object({ detail: z.string() });

export const Mistakes = z.object({
  detail: z.array(
    z.object({
      type: z.string(),
      loc: z.array(z.union([z.string(), z.number()])),
      msg: z.string(),
      input: z.unknown(),
    }),
  ),
});

export const SubmitAnswer = z.object({
  job_id: z.uuid(),
  plugin: z.string(),
  /** The one that was named, or `tools` where several were. */
  tool: z.string().optional(),
  tools: z.array(z.string()).optional(),
  status: z.literal('queued'),
  submitted_at: z.iso.datetime(),
});

const ToolResults = z.object({
  plugin_id: z.string(),
  tool: z.string(),
  results: z.object({ frames: z.array(ResultFrame), summary: Summary }),
});

export const VideoResults = z.object({
  job_id: z.uuid(),
  status: z.literal('completed'),
  results: ToolResults,
  tool: z.null(),
  tool_list: z.null(),
  job_type: z.null(),
  error_message: z.null(),
  progress: z.null(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

const InlineResults = ToolResults.extend({ truncated: z.literal(true).optional() });

export const JobDetails = JobItem.extend({ status: RestStatus, results: InlineResults.nullable() });

export const JobList = z.object({ jobs: z.array(JobDetails), count: z.number().int() });

export const ResultDocument = z.object({
  job_id: z.uuid(),
  status: z.literal('completed'),
  plugin_id: z.string(),
  tool: z.string(),
  model: JobModel.nullable(),
  source: SourceInfo.pick({ width: true, height: true, fps: true, duration_s: true, frames: true }).nullable(),
  frames: z.array(ResultFrame),
  summary: Summary,
});

export const FramePage = z.object({
  offset: z.number().int(),
  limit: z.number().int(),
  total: z.number().int(),
  frames: z.array(ResultFrame),
});

export const Removal = z.object({ status: z.enum(['cancelled', 'deleted']), job_id: z.uuid() });

export const ModelRemoval = z.object({ status: z.literal('deleted'), name: z.string() });

export const ManifestView = PluginManifest.extend({ model: ModelCard.nullable() });

export const Health = z.object({
  status: z.literal('healthy'),
  plugins_loaded: z.number().int(),
  version: z.string(),
});

export const WorkerHealth = z.object({ alive: z.boolean(), last_heartbeat: z.iso.datetime().nullable() });

export const Readiness = z.object({ status: z.enum(['ready', 'not ready']), reasons: z.array(z.string()) });
