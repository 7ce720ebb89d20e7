// A job for the eye: what it sees now, the picture that is kept of it, and its timeline.
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { Timeline } from '../../contract/timeline.ts';
import type { Results } from '../results/results.ts';
import type { Timelines } from '../results/timeline.ts';
import { file, json, text } from './answer.ts';
import { foundJob, type JobDesk } from './job-desk.ts';
import { decimal, integer, type Mistake, Unprocessable } from './mistakes.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export interface PictureRoutesOptions {
  readonly desk: JobDesk;
  readonly results: Results;
  readonly timelines: Timelines;
  /** The newest JPEG of a running job, null where there is none yet; asks for more. */
  readonly glance: (jobId: string) => Uint8Array | null;
}

const jpeg = 'image/jpeg';
const aYearS = 366 * 24 * 3600;
const seconds = () => decimal(0, aYearS).optional();

export function pictureRoutes({ desk, results, timelines, glance }: PictureRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/preview',
      summary: 'What a running job sees now, for clients that poll; others look over Socket.IO',
      params: jobParams,
      answers: {
        200: { description: 'A JPEG of its newest frame that was looked at', content: jpeg },
        404: { description: 'Job not found, not running, or no picture yet', schema: Detail },
      },
      handle: ({ params }) => {
        const job = foundJob(desk, params.job_id);
        if (job.status !== 'running') throw new Fault('picture-not-found', `No preview: the job is ${job.status}`);
        const picture = glance(job.id);
        if (!picture) throw new Fault('picture-not-found', 'No preview yet; it is made while you ask for it');
        return text(picture, jpeg, { headers: { 'Cache-Control': 'no-store' } });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/poster',
      summary: 'The picture that is kept of a job: of its frames, one with the most in it',
      params: jobParams,
      answers: {
        200: { description: 'A JPEG', content: jpeg },
        304: { description: 'The same as the ETag in If-None-Match' },
        404: { description: 'Job not found, or no picture was made of it', schema: Detail },
      },
      handle: async ({ params }) => {
        const path = results.posterPath(foundJob(desk, params.job_id).id);
        const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return { size: 0, mtimeMs: 0 };
          throw error;
        });
        if (size === 0) throw new Fault('picture-not-found', 'Poster not found');
        // Another one only where the job runs again.
        return { ...file(path, size, mtimeMs, jpeg), headers: { 'Cache-Control': 'private, max-age=60' } };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/timeline',
      summary: 'What was seen when; of a job that still runs, or failed, what it found so far',
      params: jobParams,
      query: z.object({
        from: seconds(),
        to: seconds(),
        bins: integer(1, 1000).default(240),
        tool: z.string().optional(),
      }),
      answers: {
        200: { description: 'Counts in equal bins, and tracks', schema: Timeline },
        400: { description: 'The job has no such tool', schema: Detail },
        404: { description: 'Job not found', schema: Detail },
        429: { description: 'Too many are asked for at once', schema: Detail },
      },
      handle: async ({ params, query, signal }) => {
        const { from = 0, to } = query;
        if (to !== undefined && to <= from) throw new Unprocessable([notBehind(to)]);
        return json(await timelines.of(foundJob(desk, params.job_id), { ...query, signal }));
      },
    }),
  ];
}

function notBehind(to: number): Mistake {
  return { type: 'greater_than', loc: ['query', 'to'], msg: 'Input should be greater than from', input: String(to) };
}
