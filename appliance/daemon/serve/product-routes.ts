// The videos of a job: the one that was submitted, and what was made of it.
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import { hasStage } from '../../contract/plan.ts';
import type { Results } from '../results/results.ts';
import { type Answer, file } from './answer.ts';
import { foundJob, type JobDesk } from './job-desk.ts';
import { flag } from './job-options.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

export function productRoutes({ desk, results }: { readonly desk: JobDesk; readonly results: Results }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/video',
      summary: 'The video that was submitted, or the one with boxes drawn on it; Range is understood',
      params: jobParams,
      query: z.object({
        annotated: flag.default(false).meta({ description: 'The one with boxes drawn on it' }),
        download: flag.default(false).meta({ description: 'As a file to be saved' }),
      }),
      answers: {
        200: { description: 'The video', content: 'video/*' },
        206: { description: 'The part that Range asked for', content: 'video/*' },
        404: { description: 'Job or video not found', schema: Detail },
        416: { description: 'No byte of the range exists', schema: Detail },
      },
      handle: async ({ params, query: { annotated, download } }) => {
        const job = foundJob(desk, params.job_id);
        if (annotated && job.products.annotated_bytes === null) throw withoutAnnotated(job);
        const { path, type, name } = results.video(job, annotated ? 'annotated' : 'input');
        const answer = await videoFile(path, type);
        return download ? saved(answer, name) : answer;
      },
    }),
  ];
}

async function videoFile(path: string, type: string): Promise<Answer> {
  try {
    const { size, mtimeMs } = await stat(path);
    return file(path, size, mtimeMs, type);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw new Fault('video-not-found', 'Video not found', { cause: error });
    }
    throw error;
  }
}

/** `name`: fit for a header. */
function saved(answer: Answer, name: string): Answer {
  return { ...answer, headers: { ...answer.headers, 'Content-Disposition': `attachment; filename="${name}"` } };
}

function withoutAnnotated(job: Job): Fault {
  const text = !hasStage(job.plan, 'annotating')
    ? 'This job has no annotated video: submit with annotated=true to get one'
    : isFinal(job.status)
      ? `No annotated video: the job is ${job.status}`
      : 'The annotated video is there when the job is completed';
  return new Fault('video-not-found', text);
}
