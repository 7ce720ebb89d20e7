// Submit by URL: the appliance downloads the source itself.
import { z } from 'zod';
import { isoTime } from '../../contract/iso-time.ts';
import { SubmitUrlRequest } from '../../contract/submit-api.ts';
import { json } from './answer.ts';
import { IdempotencyKey, idempotencyKey } from './idempotency.ts';
import { readJson } from './json-body.ts';
import { type Route, route } from './route.ts';
import { Detail, SubmitAnswer } from './schemas.ts';
import type { UrlIntake } from './url-intake.ts';

export function urlRoutes(intake: UrlIntake): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/jobs',
      summary: 'Submit a video by its URL, which the appliance downloads',
      headers: z.object({ 'Idempotency-Key': IdempotencyKey.optional() }),
      body: { type: 'application/json', schema: SubmitUrlRequest },
      answers: {
        200: { description: 'The job was queued', schema: SubmitAnswer },
        400: {
          description:
            'A URL that is refused, an unknown plugin, tool, pipeline, model or class, or an unfit Idempotency-Key',
          schema: Detail,
        },
        409: { description: 'The Idempotency-Key came before with another request', schema: Detail },
        429: { description: 'The queue is full; see Retry-After', schema: Detail },
        503: { description: 'The job cannot be recorded', schema: Detail },
      },
      handle: async (request) => {
        const key = idempotencyKey(request);
        const wanted = await readJson(request.body, SubmitUrlRequest);
        const { job, replayed } = await intake.submit(wanted, key);
        const { id, pluginId, tools } = job;
        const named = tools.length > 1 ? { tools } : { tool: tools[0] };
        const answer = {
          job_id: id,
          plugin: pluginId,
          ...named,
          status: 'queued',
          submitted_at: isoTime(job.createdAt),
        };
        return json(answer, { headers: replayed ? { 'Idempotency-Replayed': 'true' } : {} });
      },
    }),
  ];
}
