// What a job is: its states, the moves between them, and the one shape that every room of the daemon passes on.
import { z } from 'zod';
import { DetectionSettings } from './detection.ts';
import { ModelUse, SourceInfo, Summary } from './frame.ts';
import { JobOptions } from './job-options.ts';
import { OutsideJob } from './outside.ts';
import { Plan } from './plan.ts';
import { Products } from './products.ts';
import { stages } from './progress.ts';

export const jobStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export const JobStatus = z.enum(jobStatuses);
export type JobStatus = z.infer<typeof JobStatus>;

/** The only moves there are. `running → pending` is a job whose daemon went away; out of `failed` and `cancelled` leads a retry. */
const moves = {
  pending: ['running', 'failed', 'cancelled'],
  running: ['completed', 'failed', 'cancelled', 'pending'],
  completed: [],
  failed: ['pending'],
  cancelled: ['pending'],
} as const satisfies Record<JobStatus, readonly JobStatus[]>;

export function mayMove(from: JobStatus, to: JobStatus): boolean {
  const targets: readonly JobStatus[] = moves[from];
  return targets.includes(to);
}

/** True for a job that has ended; only a retry gives it another life. */
export function isFinal(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export const jobTypes = ['image', 'image_multi', 'video', 'video_multi'] as const;

/** What a job's results come from; rows older than the settings have none. */
export const JobModel = ModelUse.extend({ settings: DetectionSettings.optional() });

export const Job = z.object({
  id: z.uuid(),
  status: JobStatus,
  pluginId: z.string(),
  /** Canonical tool ids, in the order of the submit; aliases are resolved there. All look at one decode of the source. */
  tools: z.tuple([z.string()], z.string()),
  /** Of those, how many have ended. */
  toolsCompleted: z.number().int().nonnegative(),
  jobType: z.enum(jobTypes),
  /** The client's file name, for people only: it never reaches the file system. */
  sourceName: z.string(),
  sourceBytes: z.number().int().nonnegative(),
  /** MIME type by magic bytes. */
  sourceType: z.string(),
  /** Null until the worker has probed the file. */
  source: SourceInfo.nullable(),
  /** Null until a worker took the job. */
  model: JobModel.nullable(),
  /** 0..100; null only for rows older than the progress column. */
  progress: z.number().int().min(0).max(100).nullable(),
  stage: z.enum(stages).nullable(),
  /** Frames that the tool has reported as done. */
  currentFrame: z.number().int().nonnegative(),
  totalFrames: z.number().int().nonnegative().nullable(),
  /** True while the running tool has not reported a frame: progress is held, the stage is known. */
  indeterminate: z.boolean(),
  /** Why the running job is held for now, as a sentence for a person; null while it goes on. */
  held: z.string().nullable(),
  /** Frames a second, over the last seconds; null while not analysing. */
  fps: z.number().nonnegative().nullable(),
  etaS: z.number().nonnegative().nullable(),
  /** Grows with every change that is told to anyone; of two copies of one job the higher is the newer. */
  seq: z.number().int().nonnegative(),
  /** ms since 1970, when the worker reported the newest change. */
  reportedAt: z.number().int(),
  summary: Summary.nullable(),
  /** What the submit asked for beside the tools. */
  options: JobOptions,
  /** What is done for it, stage by stage. */
  plan: Plan,
  /** Where its source is downloaded from, with the secrets that it may carry; null for one that was brought. */
  sourceUrl: z.string().nullable(),
  /** What it has made beside its results. */
  products: Products,
  /** Of a job that a program outside works on; null for the appliance's own. */
  outside: OutsideJob.nullable(),
  /** Pending jobs run in this order, the lowest first; that of a new job is the time of its making. */
  queueRank: z.number(),
  /** A picture of one of its frames lies beside its results. */
  hasPoster: z.boolean(),
  warnings: z.array(z.string()),
  /** `code` is one of FaultCode as it was when recorded; `message` is a sentence for a person. */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** All times: ms since 1970. */
  createdAt: z.number().int(),
  updatedAt: z.number().int(),
  startedAt: z.number().int().nullable(),
  completedAt: z.number().int().nullable(),
});
export type Job = Readonly<z.infer<typeof Job>>;
