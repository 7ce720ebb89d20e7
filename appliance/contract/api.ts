// The wire: what REST, Socket.IO and the kiosk see of a job, as zod schemas (OpenAPI is made from them) and the maps to them.
import { z } from 'zod';
import { isoTime } from './iso-time.ts';
import { withoutSecrets } from './shown-url.ts';
import { ModelUse, Provider, SourceInfo } from './frame.ts';
import { JobOptions } from './job-options.ts';
import { type Job, JobModel, type JobStatus, JobStatus as AnyStatus, jobTypes } from './job.ts';
import { OutsideJob } from './outside.ts';
import { StageWeight } from './plan.ts';
import { Clip, Delivery } from './products.ts';
import { stages } from './progress.ts';

/** The four statuses of the older dialects; they know no cancelled job. */
const restStatuses = ['pending', 'running', 'completed', 'failed'] as const;
export const RestStatus = z.enum(restStatuses);
export type RestStatus = z.infer<typeof RestStatus>;

const restStatus = {
  pending: 'pending',
  running: 'running',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<JobStatus, RestStatus>;

export function toRestStatus(status: JobStatus): RestStatus {
  return restStatus[status];
}

const Time = z.iso.datetime();
const Progress = z.number().int().min(0).max(100).nullable();

export const JobStatusView = z.object({
  job_id: z.uuid(),
  status: RestStatus,
  progress: Progress,
  created_at: Time,
  updated_at: Time,
});
export type JobStatusView = z.infer<typeof JobStatusView>;

export const JobSummaryView = z.object({
  frame_count: z.number().int(),
  detection_count: z.number().int(),
  classes: z.array(z.string()),
  /** Detections by class name. */
  class_counts: z.record(z.string(), z.number().int().nonnegative()),
});

export const ClipView = Clip.extend({ url: z.string(), poster_url: z.string().nullable() });
export type ClipView = z.infer<typeof ClipView>;

/** One job, whole, as `GET /v1/jobs` lists it and Socket.IO's `job` pushes it (there with all five statuses). */
export const JobItem = z.object({
  job_id: z.uuid(),
  /** The other appliance that has it, and where that can be opened; null for this one's own. */
  appliance: z.object({ node: z.string(), url: z.string().nullable() }).nullable(),
  status: AnyStatus,
  plugin_id: z.string(),
  plugin: z.string(),
  /** The first of them. */
  tool: z.string(),
  tools: z.array(z.string()),
  /** All of them where there are several, else null: the older dialects' word. */
  tool_list: z.array(z.string()).nullable(),
  job_type: z.enum(jobTypes),
  source_name: z.string(),
  source_bytes: z.number().int(),
  source: SourceInfo.nullable(),
  model: JobModel.nullable(),
  summary: JobSummaryView.nullable(),
  result_url: z.string().nullable(),
  /** A JPEG of one of its frames; null while there is none. */
  poster_url: z.string().nullable(),
  /** What the submit asked for beside the tools. */
  options: JobOptions,
  /** Its pipeline's name, null where none was asked for, and its stages with their shares of the whole in percent. */
  pipeline: z.string().nullable(),
  stages: z.array(StageWeight),
  /** Without secrets; null for a source that was brought. */
  source_url: z.string().nullable(),
  /** The video with boxes drawn on it; null while there is none. */
  annotated_url: z.string().nullable(),
  clips: z.array(ClipView),
  deliveries: z.array(Delivery),
  /** Of a job that a program outside works on; null for the appliance's own. */
  outside: OutsideJob.nullable(),
  /** Pending jobs run in the order of their ranks, the lowest first. */
  queue_rank: z.number(),
  error_message: z.string().nullable(),
  error: z.string().nullable(),
  /** Names the same as `error_message`, such as `source-undecodable`; null where nothing failed. */
  error_code: z.string().nullable(),
  progress: Progress,
  indeterminate: z.boolean(),
  held: z.string().nullable(),
  current_tool: z.string().nullable(),
  tools_total: z.number().int(),
  tools_completed: z.number().int(),
  stage: z.enum(stages).nullable(),
  current_frame: z.number().int(),
  total_frames: z.number().int().nullable(),
  fps: z.number().nullable(),
  eta_s: z.number().nullable(),
  warnings: z.array(z.string()),
  seq: z.number().int(),
  ts: z.number().int(),
  created_at: Time,
  updated_at: Time,
  started_at: Time.nullable(),
  completed_at: Time.nullable(),
});
export type JobItem = z.infer<typeof JobItem>;

export const ProgressView = z.object({
  job_id: z.uuid(),
  status: AnyStatus,
  progress: Progress,
  indeterminate: z.boolean(),
  /** Why a running job is held for now, for a person; null while it goes on. */
  held: z.string().nullable(),
  stage: z.enum(stages).nullable(),
  current_frame: z.number().int(),
  total_frames: z.number().int().nullable(),
  fps: z.number().nullable(),
  eta_s: z.number().nullable(),
  seq: z.number().int(),
  ts: z.number().int(),
});
export type ProgressView = z.infer<typeof ProgressView>;

/** Bytes. `low`: less than the reserve is free, or a class is over its quota: no uploads, and jobs are held. */
export const DiskView = z.object({
  state: z.enum(['ok', 'low']),
  free_bytes: z.number().int().nonnegative(),
  reserve_bytes: z.number().int().nonnegative(),
  /** What jobs' inputs, what was found in them, and the database's backups hold; a quota of null has no bound. */
  uploads: z.object({ bytes: z.number().int().nonnegative(), quota_bytes: z.number().int().nullable() }),
  artifacts: z.object({ bytes: z.number().int().nonnegative(), quota_bytes: z.number().int().nullable() }),
  backups: z.object({ bytes: z.number().int().nonnegative(), quota_bytes: z.number().int().nullable() }),
});
export type DiskView = z.infer<typeof DiskView>;

/** The appliance at a glance. `reasons`: one sentence for each thing that is not as it should be, with its remedy. */
export const SystemView = z.object({
  version: z.string(),
  node: z.string(),
  /** A new one at every start of the daemon. */
  boot: z.string(),
  state: z.enum(['ok', 'degraded', 'stopping']),
  reasons: z.array(z.string()),
  uptime_s: z.number().int(),
  model: ModelUse.extend({
    classes: z.array(z.string()),
    /** What is made ready for it in minutes, while jobs run on `provider`; null where nothing is. */
    building: z.object({ provider: Provider, since: Time }).nullable(),
  }).nullable(),
  mqtt: z.object({ mode: z.enum(['embedded', 'external', 'off']), connected: z.boolean() }),
  jobs: z.object({ pending: z.number().int(), running: z.number().int() }),
  /** Null until it was measured. */
  disk: DiskView.nullable(),
});
export type SystemView = z.infer<typeof SystemView>;

export function toJobStatusView(job: Job): JobStatusView {
  return {
    job_id: job.id,
    status: toRestStatus(job.status),
    progress: job.progress,
    created_at: isoTime(job.createdAt),
    updated_at: isoTime(job.updatedAt),
  };
}

export function toJobItem(job: Job): JobItem {
  const hasResult = job.status === 'completed' && job.outside === null;
  const errorMessage = job.status === 'cancelled' ? 'Cancelled' : (job.error?.message ?? null);
  return {
    ...toProgressView(job),
    appliance: null,
    plugin_id: job.pluginId,
    plugin: job.pluginId,
    tool: job.tools[0],
    tools: job.tools,
    tool_list: job.tools.length > 1 ? job.tools : null,
    job_type: job.jobType,
    source_name: job.sourceName,
    source_bytes: job.sourceBytes,
    source: job.source,
    model: job.model,
    summary: job.summary && {
      frame_count: job.summary.total_frames,
      detection_count: job.summary.total_detections,
      classes: Object.keys(job.summary.classes),
      class_counts: job.summary.classes,
    },
    result_url: hasResult ? `/v1/jobs/${job.id}/result` : null,
    poster_url: job.hasPoster ? `/v1/jobs/${job.id}/poster` : null,
    options: job.options,
    pipeline: job.plan.pipeline,
    stages: job.plan.stages,
    source_url: job.sourceUrl === null ? null : withoutSecrets(job.sourceUrl),
    annotated_url: job.products.annotated_bytes === null ? null : `/v1/jobs/${job.id}/video?annotated=1`,
    clips: job.products.clips.map((clip) => toClipView(job.id, clip)),
    deliveries: job.products.deliveries,
    outside: job.outside,
    queue_rank: job.queueRank,
    error_message: errorMessage,
    error: errorMessage,
    error_code: job.error?.code ?? null,
    current_tool: job.status === 'running' ? currentTool(job) : null,
    tools_total: job.tools.length,
    tools_completed: job.toolsCompleted,
    warnings: job.warnings,
    created_at: isoTime(job.createdAt),
    updated_at: isoTime(job.updatedAt),
    started_at: job.startedAt === null ? null : isoTime(job.startedAt),
    completed_at: job.completedAt === null ? null : isoTime(job.completedAt),
  };
}

/** They run side by side: the first that has not ended stands for them. */
function currentTool({ tools, toolsCompleted }: Job): string {
  return tools[Math.min(toolsCompleted, tools.length - 1)] ?? tools[0];
}

function toClipView(jobId: string, clip: Clip): ClipView {
  const url = `/v1/jobs/${jobId}/clips/${clip.number}`;
  return { ...clip, url, poster_url: clip.poster ? `${url}/poster` : null };
}

export function toProgressView(job: Job): ProgressView {
  return {
    job_id: job.id,
    status: job.status,
    progress: job.progress,
    indeterminate: job.indeterminate,
    held: job.held,
    stage: job.stage,
    current_frame: job.currentFrame,
    total_frames: job.totalFrames,
    fps: job.fps,
    eta_s: job.etaS,
    seq: job.seq,
    ts: job.reportedAt,
  };
}
