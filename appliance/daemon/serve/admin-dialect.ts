// The admin dialect: every job at a glance, and jobs of programs outside that tell of their own.
import { z } from 'zod';
import { JobId } from '../../contract/job-id.ts';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { OutsideJobs } from '../jobs/outside-jobs.ts';
import { readAnnounced, readReport } from './admin-words.ts';
import { type Answer, json, jsonType, text } from './answer.ts';
import { answerTo } from './faults.ts';
import type { JobDesk } from './job-desk.ts';
import { readText } from './json-body.ts';
import { olderProgress, olderStageOf } from './older-words.ts';
import { type Route, route } from './route.ts';

export interface AdminDialectOptions {
  readonly desk: Pick<JobDesk, 'get'>;
  readonly outside: Pick<OutsideJobs, 'find' | 'begin' | 'tell'>;
  /** Those that wait or run, and those that ended last; the newest first. From memory. */
  readonly board: { readonly active: () => readonly Job[]; readonly ended: () => readonly Job[] };
}

const AdminJob = z.object({
  id: z.string(),
  type: z.string(),
  status: z.string(),
  progress: z.number().int().min(0).max(100),
  /** `YYYY-MM-DD HH:MM:SS` in UTC. */
  started: z.string(),
  video_id: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  stage: z.string(),
  error: z.string().nullable(),
  /** After its end: when, and how long it took, as `0:00:12`. */
  completed: z.string().optional(),
  duration: z.string().optional(),
});
type AdminJob = z.infer<typeof AdminJob>;

const Success = z.object({ status: z.literal('success'), message: z.string() });
const Refused = z.object({ status: z.literal('error'), message: z.string() });
const AdminList = z.object({
  status: z.literal('success'),
  active_count: z.number().int(),
  completed_count: z.number().int(),
  jobs: z.array(AdminJob),
});
/** For OpenAPI; what clients send is read word by word. */
const Announcement = z.object({
  id: z.string(),
  type: z.string(),
  video_id: z.string(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
const Report = z.object({ progress: z.int().min(0).max(100), status: z.string().optional() });

const params = z.object({ id: z.string() });
const notFound = { description: 'Job not found', schema: Refused };
const malformed = { description: 'What is missing or wrong', schema: Refused };

export function adminDialect({ desk, outside, board }: AdminDialectOptions): Route[] {
  /** A job that changes is another object: each is put into words once, and forgotten with it. */
  const words = new WeakMap<Job, string>();
  const worded = (job: Job): string => {
    const known = words.get(job) ?? JSON.stringify(toAdminJob(job));
    words.set(job, known);
    return known;
  };
  const find = (id: string): Job | undefined => {
    const jobId = JobId.safeParse(id);
    return outside.find(id) ?? (jobId.success ? desk.get(jobId.data) : undefined);
  };

  return [
    route({
      method: 'GET',
      path: '/api/admin/jobs',
      summary: 'Jobs that wait or run, newest first, and up to 20 that ended last',
      answers: { 200: { description: 'The jobs', schema: AdminList } },
      handle: () => {
        const [active, ended] = [board.active(), board.ended()];
        const jobs = [...active, ...ended].map(worded).join(',');
        const counts = `"active_count":${active.length},"completed_count":${ended.length}`;
        return text(`{"status":"success",${counts},"jobs":[${jobs}]}`, jsonType);
      },
    }),
    route({
      method: 'GET',
      path: '/api/admin/jobs/{id}',
      summary: 'One job, by its id or by what a program outside calls it',
      params,
      answers: {
        200: { description: 'The job, twice', schema: AdminJob.extend({ job: AdminJob }) },
        404: notFound,
      },
      handle: ({ params: { id } }) => {
        const job = find(id);
        if (!job) return refused(404, `Job ${id} not found`);
        return text(`${worded(job).slice(0, -1)},"job":${worded(job)}}`, jsonType);
      },
    }),
    route({
      method: 'POST',
      path: '/api/admin/jobs',
      summary: 'Show a job that a program outside works on',
      body: { type: 'application/json', schema: Announcement },
      answers: {
        200: { description: 'The job', schema: Success.extend({ job: AdminJob }) },
        400: malformed,
        429: { description: 'Too many are under way', schema: Refused },
      },
      handle: ({ body }) =>
        honest(async () => {
          const announced = readAnnounced(await readText(body));
          const { job, isNew } = outside.begin(announced);
          const message = `Job ${announced.id} ${isNew ? 'created' : 'updated'}`;
          return json({ status: 'success', message, job: toAdminJob(job) });
        }),
    }),
    route({
      method: 'POST',
      path: '/api/admin/jobs/{id}/progress',
      summary: 'Say how far such a job is, or how it ended',
      params,
      body: { type: 'application/json', schema: Report },
      answers: {
        200: { description: 'It is told', schema: Success },
        400: malformed,
        404: notFound,
        409: { description: 'The job has ended, or is not of a program outside', schema: Refused },
      },
      handle: ({ params: { id }, body }) =>
        honest(async () => {
          const report = readReport(await readText(body));
          const job = find(id);
          if (!job) return refused(404, `Job ${id} not found`);
          if (!job.outside)
            throw new Fault('outside-job', `Job ${id} is the appliance's own and tells its own progress`);
          outside.tell(job.outside.id, report);
          return json({ status: 'success', message: `Job ${id} updated` });
        }),
    }),
  ];
}

/** A Fault in this dialect's own form. */
async function honest(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    const answer = answerTo(error);
    if (!answer || !(error instanceof Fault)) throw error;
    return refused(answer.status, error.message, answer.headers);
  }
}

function refused(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return json({ status: 'error', message }, { status, headers });
}

function toAdminJob(job: Job): AdminJob {
  const { outside, status, completedAt } = job;
  const began = job.startedAt ?? job.createdAt;
  // A program reads back the word that it has said.
  const word = outside && !isFinal(status) ? outside.status : olderStageOf(job);
  return {
    id: outside?.id ?? job.id,
    type: outside?.type ?? job.jobType,
    status: word,
    progress: olderProgress(job),
    started: toPlainTime(began),
    video_id: outside?.video_id ?? job.id,
    metadata: outside?.metadata ?? { plugin: job.pluginId, tools: job.tools, source_name: job.sourceName },
    stage: outside?.status ?? job.stage ?? word,
    error: status === 'cancelled' ? 'Cancelled' : (job.error?.message ?? null),
    ...(isFinal(status) && completedAt !== null
      ? { completed: toPlainTime(completedAt), duration: toPlainDuration(completedAt - began) }
      : {}),
  };
}

function toPlainTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** As Python writes a timedelta: `0:00:12`, `1 day, 2:03:04`. */
function toPlainDuration(ms: number): string {
  const seconds = Math.max(Math.round(ms / 1000), 0);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const before = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `;
  return `${before}${hours}:${minutes}:${rest}`;
}
