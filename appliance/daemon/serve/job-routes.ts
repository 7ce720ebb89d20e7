// Jobs: list, one, its results in every form, its frames, and its end.
import { z } from 'zod';
import { RestStatus, toJobItem, toRestStatus } from '../../contract/api.ts';
import { JobId } from '../../contract/job-id.ts';
import { isFinal, type Job, type JobStatus, jobStatuses } from '../../contract/job.ts';
import { exportFormats, type Results } from '../results/results.ts';
import { json, jsonType, stream, text } from './answer.ts';
import { completedJob, foundJob, type JobDesk } from './job-desk.ts';
import { readJson } from './json-body.ts';
import { integer } from './mistakes.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail, FramePage, JobDetails, JobList, Removal, ResultDocument } from './schemas.ts';

const notFound = { description: 'Job not found', schema: Detail };
/** Largest artifact whose frames stand in the answer: for one job, and for each of a list. */
const inlineBytes = { one: 256 * 1024, listed: 16 * 1024 };
/** Of a larger artifact, so much of its beginning. */
const teaserBytes = { one: 64 * 1024, listed: 0 };

const QueueMove = z.strictObject({ before: JobId.nullable() });

export function jobRoutes({ desk, results }: { readonly desk: JobDesk; readonly results: Results }): Route[] {
  const details = async (job: Job, size: keyof typeof inlineBytes): Promise<string> => {
    const inline =
      job.status === 'completed' && !job.outside
        ? await results.inline(job, inlineBytes[size], teaserBytes[size])
        : 'null';
    const item = JSON.stringify({ ...toJobItem(job), status: toRestStatus(job.status) });
    return `${item.slice(0, -1)},"results":${inline}}`;
  };

  return [
    route({
      method: 'GET',
      path: '/v1/jobs',
      summary: 'Jobs, newest first',
      query: z.object({
        limit: integer(1, 100).default(10),
        skip: integer(0).default(0),
        status: RestStatus.optional(),
      }),
      answers: { 200: { description: 'One page, and how many there are in all', schema: JobList } },
      handle: async ({ query: { limit, skip, status } }) => {
        const { jobs, total } = desk.list({ limit, skip, statuses: status && shownAs(status) });
        const items = await Promise.all(jobs.map((job) => details(job, 'listed')));
        return text(`{"jobs":[${items.join(',')}],"count":${total}}`, jsonType);
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}',
      summary: 'One job; with its results where they are small, else with the first frames and "truncated"',
      params: jobParams,
      answers: { 200: { description: 'The job', schema: JobDetails }, 404: notFound },
      handle: async ({ params }) => text(await details(foundJob(desk, params.job_id), 'one'), jsonType),
    }),
    route({
      method: 'DELETE',
      path: '/v1/jobs/{job_id}',
      summary: 'Cancel a job, or delete a finished one with its files',
      // What somebody has just begun anybody may stop; what is done and kept is the operator's.
      operator: ({ job_id: id }) => {
        const known = JobId.safeParse(id);
        const job = known.success ? desk.get(known.data) : undefined;
        return job !== undefined && isFinal(job.status);
      },
      params: jobParams,
      answers: { 200: { description: 'What was done', schema: Removal }, 404: notFound },
      handle: async ({ params }) => json({ status: await desk.remove(params.job_id), job_id: params.job_id }),
    }),
    route({
      method: 'POST',
      path: '/v1/jobs/{job_id}/move',
      summary: 'Move a job that waits in front of another one; with null, behind all',
      params: jobParams,
      body: { type: 'application/json', schema: QueueMove },
      answers: {
        200: { description: 'The job, in its new place', schema: JobDetails },
        404: notFound,
        409: { description: 'One of the two does not wait', schema: Detail },
      },
      handle: async ({ params, body }) => {
        const { before } = await readJson(body, QueueMove);
        return text(await details(desk.move(params.job_id, before), 'one'), jsonType);
      },
    }),
    route({
      method: 'POST',
      path: '/v1/jobs/{job_id}/retry',
      summary: 'Run a failed or cancelled job again, as the same id',
      params: jobParams,
      answers: {
        200: { description: 'The job, which waits again', schema: JobDetails },
        404: notFound,
        409: { description: 'Not failed or cancelled, or its video is gone', schema: Detail },
      },
      handle: async ({ params }) => text(await details(await desk.retry(params.job_id), 'one'), jsonType),
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/result',
      summary: 'The whole result as a download',
      params: jobParams,
      query: z.object({ format: z.enum(exportFormats).default('json') }),
      answers: {
        200: { description: 'JSON; or one frame a line, CSV or COCO', schema: ResultDocument },
        404: { description: 'Job not found, or not completed', schema: Detail },
      },
      handle: ({ params, query: { format }, signal }) => {
        const job = completedJob(desk, params.job_id);
        const { chunks, type, name } = results.export(job, format, signal);
        return stream(chunks, type, { headers: { 'Content-Disposition': `attachment; filename="${name}"` } });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/frames',
      summary: 'One page of frames; of a job that still runs, or failed, those that it found so far',
      params: jobParams,
      query: z.object({ offset: integer(0).default(0), limit: integer(1, 1000).default(200) }),
      answers: { 200: { description: 'The page', schema: FramePage }, 404: notFound },
      handle: ({ params, query, signal }) => {
        const job = foundJob(desk, params.job_id);
        return stream(results.page(job.id, { ...query, signal }), jsonType);
      },
    }),
  ];
}

/** The statuses that the older dialects show as this one. */
function shownAs(status: RestStatus): JobStatus[] {
  return jobStatuses.filter((known) => toRestStatus(known) === status);
}
