// The clips of a job: their list, each as a video, and its picture.
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { ClipView, toJobItem } from '../../contract/api.ts';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { Clip } from '../../contract/products.ts';
import type { Results } from '../results/results.ts';
import { type Answer, file, json } from './answer.ts';
import { foundJob, type JobDesk } from './job-desk.ts';
import { flag } from './job-options.ts';
import { integer } from './mistakes.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

const clipParams = jobParams.extend({ number: integer(1) });
const notFound = { description: 'Job or clip not found', schema: Detail };

export function clipRoutes({ desk, results }: { readonly desk: JobDesk; readonly results: Results }): Route[] {
  /** `part`: which of its files. */
  const clipFile = async ({ job_id: id, number }: z.output<typeof clipParams>, part: 'video' | 'poster') => {
    const job = foundJob(desk, id);
    const clip = job.products.clips.find((one) => one.number === number);
    if (!clip) throw new Fault('clip-not-found', 'Clip not found');
    if (part === 'poster' && !clip.poster) throw new Fault('clip-not-found', 'No picture was made of this clip');
    const { name, ...paths } = results.clip(job, clip);
    return { name, answer: await answerWith(paths[part], part === 'video' ? clip.type : 'image/jpeg') };
  };
  return [
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/clips',
      summary: 'The moments that were cut out of a job’s video, in their order',
      params: jobParams,
      answers: {
        200: {
          description: 'The clips; none before the job is completed',
          schema: z.object({ clips: z.array(ClipView) }),
        },
        404: { description: 'Job not found', schema: Detail },
      },
      handle: ({ params }) => json({ clips: toJobItem(foundJob(desk, params.job_id)).clips }),
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/clips/{number}',
      summary: 'One clip; Range is understood',
      params: clipParams,
      query: z.object({ download: flag.default(false).meta({ description: 'As a file to be saved' }) }),
      answers: {
        200: { description: 'The video', content: 'video/*' },
        206: { description: 'The part that Range asked for', content: 'video/*' },
        404: notFound,
        416: { description: 'No byte of the range exists', schema: Detail },
      },
      handle: async ({ params, query: { download } }) => {
        const { answer, name } = await clipFile(params, 'video');
        if (!download) return answer;
        return { ...answer, headers: { 'Content-Disposition': `attachment; filename="${name}"` } };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/jobs/{job_id}/clips/{number}/poster',
      summary: 'The picture of a clip: the frame in which its class was surest',
      params: clipParams,
      answers: {
        200: { description: 'A JPEG', content: 'image/jpeg' },
        304: { description: 'The same as the ETag in If-None-Match' },
        404: { description: 'Job or clip not found, or no picture was made of it', schema: Detail },
      },
      handle: async ({ params }) => (await clipFile(params, 'poster')).answer,
    }),
  ];
}

async function answerWith(path: string, type: Clip['type'] | 'image/jpeg'): Promise<Answer> {
  try {
    const { size, mtimeMs } = await stat(path);
    return file(path, size, mtimeMs, type);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new Fault('clip-not-found', 'The clip is no longer on the disk', { cause: error });
  }
}
