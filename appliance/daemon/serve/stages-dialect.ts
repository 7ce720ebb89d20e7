// The dialect of stages: their table, and the status of one task.
import { z } from 'zod';
import { isoTime } from '../../contract/iso-time.ts';
import { JobId } from '../../contract/job-id.ts';
import type { Job } from '../../contract/job.ts';
import type { OutsideJobs } from '../jobs/outside-jobs.ts';
import { nearNames, quoted } from '../models/near-names.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import { type Answer, json } from './answer.ts';
import type { JobDesk } from './job-desk.ts';
import { olderProgress, olderStageOf, olderStages, sentenceOf } from './older-words.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export interface StagesDialectOptions {
  readonly desk: Pick<JobDesk, 'get'>;
  readonly outside: Pick<OutsideJobs, 'find'>;
  readonly pipelines: Pick<Pipelines, 'get' | 'names' | 'plain'>;
}

/** The plain plan, unless a pipeline of the settings is called so. */
const plainName = 'detect';

const Percents = z.record(z.string(), z.number().min(0).max(100));

const TaskStatus = z.object({
  status: z.enum(Object.keys(olderStages)),
  progress: z.number().int().min(0).max(100),
  message: z.string(),
  video_id: z.string(),
  process_task_id: z.uuid(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

export function stagesDialect({ desk, outside, pipelines }: StagesDialectOptions): Route[] {
  /** A job that changes is another object: each is put into words once, and forgotten with it. */
  const known = new WeakMap<Job, Answer>();
  const statusRoute = (path: string): Route =>
    route({
      method: 'GET',
      path,
      summary: 'Status of a task, in the words of the older stages',
      deprecated: true,
      params: z.object({ task_id: z.string() }),
      answers: {
        200: { description: 'Status, progress and what it is at', schema: TaskStatus },
        404: { description: 'Task not found', schema: Detail },
      },
      handle: ({ params: { task_id: id } }) => {
        const jobId = JobId.safeParse(id);
        const job = (jobId.success ? desk.get(jobId.data) : undefined) ?? outside.find(id);
        if (!job) return json({ detail: 'Task not found' }, { status: 404 });
        const answer = known.get(job) ?? json(toTaskStatus(job));
        known.set(job, answer);
        return answer;
      },
    });

  return [
    route({
      method: 'GET',
      path: '/api/stages',
      summary: 'The older stages with the percentage at which each begins; or those of a pipeline with their weights',
      query: z.object({ pipeline: z.string().optional() }),
      answers: {
        200: { description: 'By stage, in their order', schema: Percents },
        404: { description: 'There is no such pipeline', schema: Detail },
      },
      handle: ({ query: { pipeline: name } }) => {
        if (name === undefined) return json(olderStages);
        const plan = pipelines.get(name) ?? (name === plainName ? pipelines.plain(false) : undefined);
        if (plan) return json(Object.fromEntries(plan.stages.map(({ stage, weight }) => [stage, weight])));
        const near = nearNames(name, [...new Set([plainName, ...pipelines.names])]);
        const hint = near.length > 0 ? ` Near: ${quoted(near)}.` : '';
        return json({ detail: `There is no pipeline "${name}".${hint}` }, { status: 404 });
      },
    }),
    statusRoute('/api/status/{task_id}'),
    statusRoute('/status/{task_id}'),
  ];
}

function toTaskStatus(job: Job): z.output<typeof TaskStatus> {
  return {
    status: olderStageOf(job),
    progress: olderProgress(job),
    message: sentenceOf(job),
    video_id: job.outside?.video_id ?? job.id,
    process_task_id: job.id,
    created_at: isoTime(job.createdAt),
    updated_at: isoTime(job.updatedAt),
  };
}
