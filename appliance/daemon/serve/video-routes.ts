// The older video dialect: submit, the status that clients poll, and the results.
import { z } from 'zod';
import { isoTime, JobStatusView, toJobStatusView } from '../../contract/api.ts';
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Results } from '../results/results.ts';
import { json, jsonType, stream } from './answer.ts';
import { chooseTool } from './choose-tool.ts';
import { IdempotencyKey, idempotencyKey } from './idempotency.ts';
import { foundJob, type JobDesk } from './job-desk.ts';
import { jobParams, type Route, route } from './route.ts';
import { Detail, SubmitAnswer, VideoResults } from './schemas.ts';
import type { Upload, Uploads } from './upload.ts';

export interface VideoRoutesOptions {
  readonly desk: JobDesk;
  readonly uploads: Uploads;
  readonly results: Results;
}

export function videoRoutes({ desk, uploads, results }: VideoRoutesOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/video/submit',
      summary: 'Submit a video',
      query: z.object({ plugin_id: z.string(), tool: z.array(z.string()).min(1) }),
      headers: z.object({ 'Idempotency-Key': IdempotencyKey.optional() }),
      body: { type: 'multipart/form-data', schema: z.object({ file: z.file() }) },
      answers: {
        200: { description: 'The job was queued', schema: SubmitAnswer },
        400: { description: 'Unknown plugin or tool, not a video, or an unfit Idempotency-Key', schema: Detail },
        409: { description: 'The Idempotency-Key came before with other content', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        429: { description: 'The queue is full; see Retry-After', schema: Detail },
        503: { description: 'The upload cannot be stored', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: async (request) => {
        const { plugin_id: pluginName, tool: toolNames } = request.query;
        const { pluginId, tool } = chooseTool(pluginName, toolNames);
        const key = idempotencyKey(request);
        desk.admit(key);
        const take = ({ id, name, bytes, type, sha256 }: Upload): Job => {
          // Others may have taken the last place while this one was coming in.
          desk.admit(key);
          const source = { sourceName: name, sourceBytes: bytes, sourceType: type };
          const input = { id, pluginId, tool: tool.id, jobType: 'video' as const, ...source };
          return desk.create(input, key !== undefined && sha256 !== null ? { key, sha256 } : undefined);
        };
        const salt = key === undefined ? null : `${pluginId}\n${tool.id}\n`;
        const { job, replayed } = await uploads.receive(request, take, salt);
        const submitted_at = isoTime(job.createdAt);
        const answer = { job_id: job.id, plugin: pluginName, tool: toolNames[0], status: 'queued', submitted_at };
        return json(answer, { headers: replayed ? { 'Idempotency-Replayed': 'true' } : {} });
      },
    }),
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
        const view = toJobStatusView(foundJob(desk, params.job_id));
        // Everything in the answer that can change.
        return json(view, { etag: `"${view.status}-${view.progress ?? ''}-${view.updated_at}"` });
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
        const job = foundJob(desk, params.job_id);
        if (job.status !== 'completed') throw new Fault('job-not-completed', 'Job not completed');
        return stream(results.videoResults(job, signal), jsonType);
      },
    }),
  ];
}
