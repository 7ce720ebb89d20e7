// Webhooks: what they are told, and what people see of messages on their way.
import { z } from 'zod';
import { JobItem } from './api.ts';

export const webhookEvents = ['job.completed', 'job.failed', 'job.cancelled'] as const;
export const WebhookEvent = z.enum(webhookEvents);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** The body of a message. A receiver may get one more than once: `webhook-id` is the same then. */
export const WebhookBody = z.object({
  type: WebhookEvent,
  /** When it happened. */
  timestamp: z.iso.datetime(),
  /** Name of the appliance. */
  node: z.string(),
  data: JobItem,
});
export type WebhookBody = z.infer<typeof WebhookBody>;

export const WebhookView = z.object({
  name: z.string(),
  /** Without its login and query. */
  url: z.string(),
  events: z.array(WebhookEvent),
  waiting: z.number().int().nonnegative(),
  dead: z.number().int().nonnegative(),
  last_success_at: z.iso.datetime().nullable(),
  /** Of the newest attempt, null where that arrived or none was made yet. */
  last_error: z.string().nullable(),
});
export type WebhookView = z.infer<typeof WebhookView>;

/** A message that was given up. */
export const DeadMessage = z.object({
  id: z.string(),
  webhook: z.string(),
  type: z.string(),
  job_id: z.string(),
  created_at: z.iso.datetime(),
  attempts: z.number().int().positive(),
  last_error: z.string().nullable(),
});
export type DeadMessage = z.infer<typeof DeadMessage>;
