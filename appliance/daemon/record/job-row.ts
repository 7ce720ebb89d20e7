// Between a job and its row: what is recorded of it, and what is read where the disk has changed something.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SourceInfo, Summary } from '../../contract/frame.ts';
import { JobOptions, noJobOptions } from '../../contract/job-options.ts';
import { Job, JobModel, jobTypes } from '../../contract/job.ts';
import { OutsideJob } from '../../contract/outside.ts';
import { Plan, plainPlan } from '../../contract/plan.ts';
import { noProducts, Products } from '../../contract/products.ts';
import type { jobs } from './tables.ts';

type Row = typeof jobs.$inferSelect;

/** What is recorded of it. */
export function toRow(job: Job): Omit<Row, 'idempotencyKey' | 'requestSha256'> {
  return {
    id: job.id,
    status: job.status,
    pluginId: job.pluginId,
    tool: job.tools[0],
    tools: job.tools.length > 1 ? job.tools : null,
    jobType: job.jobType,
    sourceName: job.sourceName,
    sourceBytes: job.sourceBytes,
    sourceType: job.sourceType,
    source: job.source,
    model: job.model,
    summary: job.summary,
    warnings: job.warnings,
    errorCode: job.error?.code ?? null,
    errorMessage: job.error?.message ?? null,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
    startedAt: job.startedAt,
    completedAt: job.completedAt,
    progress: job.progress,
    options: isDeepStrictEqual(job.options, noJobOptions) ? null : job.options,
    queueRank: job.queueRank,
    hasPoster: job.hasPoster,
    plan: isDeepStrictEqual(job.plan, plainPlan) ? null : job.plan,
    sourceUrl: job.sourceUrl,
    products: isDeepStrictEqual(job.products, noProducts) ? null : job.products,
    outsideId: job.outside?.id ?? null,
    outside: job.outside,
  };
}

const Source = SourceInfo.nullable().catch(null);
const Model = JobModel.nullable().catch(null);
const Totals = Summary.nullable().catch(null);
const Warnings = z.array(z.string()).catch([]);
const Type = z.enum(jobTypes).catch('video');
const Options = JobOptions.catch(noJobOptions);
const AnyPlan = Plan.catch(plainPlan);
const Made = Products.catch(noProducts);
const Outside = OutsideJob.nullable().catch(null);
const Tools = Job.shape.tools;

/** What is not recorded (stage, frames, rate) is what can be said of a job that no worker has in hand. */
export function toJob(row: Row): Job {
  const summary = Totals.parse(row.summary);
  const source = Source.parse(row.source);
  const tools = Tools.catch([row.tool]).parse(row.tools);
  return {
    id: row.id,
    status: row.status,
    pluginId: row.pluginId,
    tools,
    toolsCompleted: row.status === 'completed' ? tools.length : 0,
    jobType: Type.parse(row.jobType),
    sourceName: row.sourceName,
    sourceBytes: row.sourceBytes,
    sourceType: row.sourceType,
    source,
    model: Model.parse(row.model),
    progress: row.progress,
    stage: row.status === 'completed' ? 'completed' : row.status === 'pending' ? 'queued' : null,
    currentFrame: summary?.total_frames ?? 0,
    totalFrames: summary?.total_frames ?? source?.frames ?? null,
    indeterminate: false,
    held: null,
    fps: null,
    etaS: null,
    // Not recorded. No job is told of a thousand times a second, so this is above whatever was told before.
    seq: row.updatedAt - row.createdAt,
    reportedAt: row.updatedAt,
    summary,
    options: Options.parse(row.options),
    queueRank: row.queueRank ?? row.createdAt,
    hasPoster: row.hasPoster ?? false,
    plan: AnyPlan.parse(row.plan),
    sourceUrl: row.sourceUrl,
    products: Made.parse(row.products),
    outside: outsideOf(row),
    warnings: Warnings.parse(row.warnings),
    error: row.errorMessage === null ? null : { code: row.errorCode ?? 'unknown', message: row.errorMessage },
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    startedAt: row.startedAt,
    completedAt: row.completedAt,
  };
}

/** A job that is worked on elsewhere stays that, whatever a disk has changed: no worker is to take it. */
function outsideOf({ outsideId, outside, tool, sourceName }: Row): OutsideJob | null {
  if (outsideId === null) return null;
  return (
    Outside.parse(outside) ?? { id: outsideId, type: tool, video_id: sourceName, metadata: {}, status: 'processing' }
  );
}
