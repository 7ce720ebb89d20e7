// Webhooks as people see them: which there are, what did not arrive, and what is to become of that.
import { z } from 'zod';
import { DeadMessage, WebhookView } from '../../contract/webhook-api.ts';
import { json, text } from './answer.ts';
import { integer } from './mistakes.ts';
import { type Route, route } from './route.ts';
import { Detail } from './schemas.ts';

interface WebhookDesk {
  readonly list: readonly WebhookView[];
  dead(page: { readonly limit: number; readonly skip: number }): DeadMessage[];
  /** Both throw Fault 'webhook-message-not-found'. */
  retry(id: string): void;
  forget(id: string): void;
}

const notThere = { description: 'There is no such message that was given up', schema: Detail };
const params = z.object({ id: z.string().max(100) });

export function webhookRoutes(webhooks: WebhookDesk): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/webhooks',
      summary: 'The webhooks of the settings, and how messages reach them',
      answers: { 200: { description: 'All of them', schema: z.object({ webhooks: z.array(WebhookView) }) } },
      handle: () => json({ webhooks: webhooks.list }),
    }),
    route({
      method: 'GET',
      path: '/v1/webhooks/dead',
      summary: 'Messages that were given up, newest first',
      query: z.object({ limit: integer(1, 100).default(20), skip: integer(0).default(0) }),
      answers: { 200: { description: 'One page', schema: z.object({ messages: z.array(DeadMessage) }) } },
      handle: ({ query }) => json({ messages: webhooks.dead(query) }),
    }),
    route({
      method: 'POST',
      path: '/v1/webhooks/dead/{id}/retry',
      summary: 'Send such a message again',
      params,
      operator: true,
      answers: { 202: { description: 'It is on its way' }, 404: notThere },
      handle: (request) => {
        webhooks.retry(request.params.id);
        return text('', 'text/plain', { status: 202 });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/webhooks/dead/{id}',
      summary: 'Forget such a message',
      params,
      operator: true,
      answers: { 204: { description: 'It is gone' }, 404: notThere },
      handle: (request) => {
        webhooks.forget(request.params.id);
        return text('', 'text/plain', { status: 204 });
      },
    }),
  ];
}
