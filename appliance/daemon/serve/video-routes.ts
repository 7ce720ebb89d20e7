// The older video dialect: submit, the status that clients poll, and the results.
import { JobStatusView, toJobStatusView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';
import type { Results } from '../results/results.ts';
import { type Answer, json, jsonType, stream } from './answer.ts';
import { completedJob, foundJob } from './job-desk.ts';
import { videoType } from './magic.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail, VideoResults } from './schemas.ts';
import { submitRoute, type SubmitOptions } from './submit.ts';

export interface VideoRoutesOptions extends SubmitOptions {
  readonly results: Results;
}

export function videoRoutes({ desk, uploads, assignments, results }: VideoRoutesOptions): Route[] {
  /** A job that changes is another object: each is put into words once, and forgotten with it. */
  const statuses = new WeakMap<Job, Answer>();
  return [
    submitRoute(
      { desk, uploads, assignments },
      { path: '/v1/video/submit', what: 'a video', input: 'video', identify: videoType },
    ),
    route({
      method: 'GET',
      path: '/v1/video/status/{job_id}',
      summary: 'Status of a job, for clients that poll; others watch it over Socket.IO',
      deprecated: true,
      params: jobParams,
      answers: {
        200: { description: 'Status and progress', schema: JobStatusView },
        304: { description: 'Nothing changed since the ETag in If-None-Match' },
        404: { description: 'Job not found', schema: Detail },
      },
      handle: ({ params }) => {
        const job = foundJob(desk, params.job_id);
        const answer = statuses.get(job) ?? statusOf(job);
        statuses.set(job, answer);
        return answer;
      },
    }),
    route({
      method: 'GET',
      path: '/v1/video/results/{job_id}',
      summary: 'All frames of a completed job',
      params: jobParams,
      answers: {
        200: { description: 'The results', schema: VideoResults },
        404: { description: 'Job not found, or not completed', schema: Detail },
      },
      handle: ({ params, signal }) => {
        const job = completedJob(desk, params.job_id);
        return stream(results.videoResults(job, signal), jsonType);
      },
    }),
  ];
}

function statusOf(job: Job): Answer {
  const view = toJobStatusView(job);
  // Everything in the answer that can change.
  return json(view, { etag: `"${view.status}-${view.progress ?? ''}-${view.updated_at}"` });
}
