// Uploads that can be resumed: the routes of tus.
import { z } from 'zod';
import { jobParams, type Route, route } from './route.ts';
import { Detail } from './schemas.ts';
import { type Tus, tusPath } from './tus.ts';

const resumable = { 'Tus-Resumable': z.literal('1.0.0') };
const offset = z.string().meta({ type: 'string', description: 'Bytes that have come' });
const metadata =
  'plugin_id, tool (or logical_tool_id) and filename, and if wanted model, confidence (0..1) and classes (a JSON array of names, or names ' +
  'with commas between them), each in base64';
const gone = { description: 'No such upload', schema: Detail };
const one = `${tusPath}/{job_id}`;

export function tusRoutes(tus: Tus): Route[] {
  return [
    route({
      method: 'OPTIONS',
      path: tusPath,
      summary: 'What is understood of tus',
      answers: { 204: { description: 'Tus-Version, Tus-Extension and Tus-Max-Size' } },
      handle: (request) => tus.answer('OPTIONS', request),
    }),
    route({
      method: 'POST',
      path: tusPath,
      summary: 'Begin an upload that can be resumed (tus 1.0)',
      headers: z.object({
        ...resumable,
        'Upload-Length': z.string(),
        'Upload-Metadata': z.string().meta({ description: metadata }),
      }),
      answers: {
        201: { description: 'Location is the upload, and its last part the id that the job will have' },
        400: { description: 'Unknown plugin, tool, model or class', schema: Detail },
        413: { description: 'Larger than is accepted', schema: Detail },
        422: { description: 'Upload-Metadata names no plugin_id or tool, or an option that does not fit' },
        429: { description: 'The queue is full; see Retry-After', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: (request) => tus.answer('POST', request),
    }),
    route({
      method: 'HEAD',
      path: one,
      summary: 'How far an upload has come: Upload-Offset, and Vedette-Job-Id once it is a job',
      params: jobParams,
      headers: z.object(resumable),
      answers: { 200: { description: 'Upload-Offset and Upload-Length' }, 404: gone },
      handle: (request) => tus.answer('HEAD', request, request.params.job_id),
    }),
    route({
      method: 'PATCH',
      path: one,
      summary: 'The next bytes of an upload; with the last of them it becomes a job, as by a submit',
      params: jobParams,
      headers: z.object({ ...resumable, 'Upload-Offset': offset }),
      body: { type: 'application/offset+octet-stream', schema: z.file() },
      answers: {
        204: { description: 'Upload-Offset, and Vedette-Job-Id when it has become a job' },
        400: { description: 'Not a video', schema: Detail },
        404: gone,
        409: { description: 'Upload-Offset is not where the upload has come to', schema: Detail },
        429: { description: 'The queue is full, or too many uploads are under way; see Retry-After', schema: Detail },
        507: { description: 'Not enough disk space', schema: Detail },
      },
      handle: (request) => tus.answer('PATCH', request, request.params.job_id),
    }),
    route({
      method: 'DELETE',
      path: one,
      summary: 'Give up an unfinished upload',
      params: jobParams,
      headers: z.object(resumable),
      answers: { 204: { description: 'It is gone' }, 404: gone },
      handle: (request) => tus.answer('DELETE', request, request.params.job_id),
    }),
  ];
}
