// One route that takes a file in and makes a job of it: for videos and for pictures alike.
import { z } from 'zod';
import { isoTime } from '../../contract/iso-time.ts';
import type { Job } from '../../contract/job.ts';
import type { InputType } from '../../contract/plugins.ts';
import { json } from './answer.ts';
import type { Assignments } from './assignment.ts';
import { IdempotencyKey, idempotencyKey } from './idempotency.ts';
import type { JobDesk } from './job-desk.ts';
import { defined, optionQuery, optionsText } from './job-options.ts';
import { type Route, route } from './route.ts';
import { Detail, SubmitAnswer } from './schemas.ts';
import type { Upload, Uploads } from './upload.ts';

export interface SubmitOptions {
  readonly desk: JobDesk;
  readonly uploads: Uploads;
  readonly assignments: Assignments;
}

export interface Submittable {
  readonly path: string;
  /** As it is called in a sentence: `a video`. */
  readonly what: string;
  readonly input: InputType;
  /** MIME type by the first bytes; throws the Fault that refuses them. */
  readonly identify: (head: Buffer) => string;
}

/** One of the two, unless a pipeline names its tools; each may repeat. */
const toolQuery = {
  tool: z.array(z.string()).min(1).optional().meta({ description: 'Several look at the same decode' }),
  logical_tool_id: z
    .array(z.string())
    .min(1)
    .optional()
    .meta({ description: 'In place of `tool`: what it is to be capable of, such as player_detection' }),
};

export function submitRoute({ desk, uploads, assignments }: SubmitOptions, submittable: Submittable): Route {
  const { path, what, input, identify } = submittable;
  return route({
    method: 'POST',
    path,
    summary: `Submit ${what}`,
    query: z.object({ plugin_id: z.string(), ...toolQuery, ...optionQuery }),
    headers: z.object({ 'Idempotency-Key': IdempotencyKey.optional() }),
    body: { type: 'multipart/form-data', schema: z.object({ file: z.file() }) },
    answers: {
      200: { description: 'The job was queued', schema: SubmitAnswer },
      400: {
        description: `Unknown plugin, tool, pipeline, model or class, not ${what}, or an unfit Idempotency-Key`,
        schema: Detail,
      },
      409: { description: 'The Idempotency-Key came before with other content', schema: Detail },
      413: { description: 'Larger than is accepted', schema: Detail },
      429: { description: 'The queue is full; see Retry-After', schema: Detail },
      503: { description: 'The upload cannot be stored', schema: Detail },
      507: { description: 'Not enough disk space', schema: Detail },
    },
    handle: async (request) => {
      const { plugin_id: pluginName, tool: named = [], logical_tool_id: capabilities = [], ...asked } = request.query;
      const wish = { plugin: pluginName, tools: named, capabilities, input, options: defined(asked) };
      const assignment = await assignments.decide(wish);
      const key = idempotencyKey(request);
      desk.admit(key);
      const take = ({ id, name, bytes, type, sha256 }: Upload): Job => {
        // Others may have taken the last place while this one was coming in.
        desk.admit(key);
        const source = { sourceName: name, sourceBytes: bytes, sourceType: type };
        const job = { id, ...assignment, ...source };
        return desk.create(job, key !== undefined && sha256 !== null ? { key, sha256 } : undefined);
      };
      const { pluginId, tools, options } = assignment;
      const salt = key === undefined ? null : `${pluginId}\n${tools.join('\n')}\n${optionsText(options)}`;
      const { job, replayed } = await uploads.receive(request, take, salt, identify);
      const submitted_at = isoTime(job.createdAt);
      // As they were named, unless one was named twice, or by what it can do.
      const told = named.length === tools.length ? named : tools;
      const which = told.length > 1 ? { tools: told } : { tool: told[0] };
      const answer = { job_id: job.id, plugin: pluginName, ...which, status: 'queued', submitted_at };
      return json(answer, { headers: replayed ? { 'Idempotency-Replayed': 'true' } : {} });
    },
  });
}
