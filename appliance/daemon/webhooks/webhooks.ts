// Tells programs elsewhere by HTTP how jobs ended: recorded first, then sent until it has arrived or is given up.
import { createHash } from 'node:crypto';
import { toJobItem } from '../../contract/api.ts';
import { isoTime } from '../../contract/iso-time.ts';
import { Fault } from '../../contract/fault.ts';
import { isFinal, type Job, type JobStatus } from '../../contract/job.ts';
import type { DeadMessage, WebhookBody, WebhookEvent, WebhookView } from '../../contract/webhook-api.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { WebhookMessage, WebhookStore } from '../record/webhook-store.ts';
import { type Webhook, WebhookLane } from './lane.ts';

export interface WebhooksOptions {
  readonly hooks: readonly Webhook[];
  readonly store: WebhookStore;
  readonly stream: EventStream;
  readonly node: string;
  readonly waits?: readonly number[];
  readonly onChange: () => void;
  readonly log: Log;
}

const eventOf = {
  pending: null,
  running: null,
  completed: 'job.completed',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
} as const satisfies Record<JobStatus, WebhookEvent | null>;

const [second, minute, hour] = [1000, 60_000, 3_600_000];
/** A day and a half in all. */
const defaultWaits = [5 * second, 30 * second, 2 * minute, 10 * minute, hour, 6 * hour, 28 * hour];

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #lanes: readonly WebhookLane[];
  readonly #unsubscribe: () => void;

  constructor(options: WebhooksOptions) {
    const { hooks, stream, store, waits = defaultWaits, onChange, log } = options;
    this.#options = options;
    this.#lanes = hooks.map((hook) => new WebhookLane({ hook, store, waits, onChange, log }));
    this.#unsubscribe = stream.on('job-changed', ({ job }) => {
      if (isFinal(job.status)) for (const lane of this.#lanes) lane.wake();
    });
  }

  /** What webhooks are to be told of a job that has ended; written down together with its end. */
  record(job: Job): void {
    const event = eventOf[job.status];
    if (event === null) return;
    const { store, node, log } = this.#options;
    for (const { hook } of this.#lanes) {
      if (!hook.events.includes(event)) continue;
      const body: WebhookBody = { type: event, timestamp: isoTime(job.updatedAt), node, data: toJobItem(job) };
      const what = { hook: hook.name, event, jobId: job.id, body: JSON.stringify(body) };
      const now = Date.now();
      const forgotten = store.add({ id: messageId(hook, job), ...what, createdAt: now, ...fresh, dueAt: now });
      if (forgotten > 0) log.warn({ webhook: hook.name, forgotten }, 'oldest webhook messages forgotten');
    }
  }

  /** Takes up what an earlier daemon could not deliver. */
  open(): void {
    const names = this.#lanes.map(({ hook }) => hook.name);
    try {
      this.#options.store.giveUpOthers(names, 'The settings have no webhook of this name any more.');
    } catch (err) {
      this.#options.log.error({ err }, 'webhook messages cannot be written'); // the next start does it
    }
    for (const lane of this.#lanes) lane.wake();
  }

  get list(): WebhookView[] {
    return this.#lanes.map((lane) => lane.view);
  }

  /** Over all webhooks. */
  get counts(): { readonly waiting: number; readonly dead: number } {
    return this.list.reduce(
      (sum, { waiting, dead }) => ({ waiting: sum.waiting + waiting, dead: sum.dead + dead }),
      none,
    );
  }

  /** Given up, newest first. */
  dead(page: { readonly limit: number; readonly skip: number }): DeadMessage[] {
    return this.#options.store.dead(page).map(({ id, hook, event, jobId, createdAt, attempts, lastError }) => {
      const told = { webhook: hook, type: event, job_id: jobId, created_at: isoTime(createdAt) };
      return { id, ...told, attempts, last_error: lastError };
    });
  }

  /** One that was given up is sent again. Throws Fault 'webhook-message-not-found'. */
  retry(id: string): void {
    const { hook } = this.#found(id);
    const lane = this.#lanes.find((one) => one.hook.name === hook);
    if (!lane) throw new Fault('webhook-message-not-found', `The settings have no webhook "${hook}" any more.`);
    this.#options.store.revive(id, Date.now());
    lane.wake();
    this.#options.onChange();
  }

  /** Throws Fault 'webhook-message-not-found'. */
  forget(id: string): void {
    this.#found(id);
    this.#options.store.remove(id);
    this.#options.onChange();
  }

  /** A sentence while messages were given up, else null. */
  get complaint(): string | null {
    const failing = this.list.filter(({ dead }) => dead > 0).map(({ name, dead }) => `"${name}" (${dead})`);
    if (failing.length === 0) return null;
    return `Webhooks were not told how jobs ended: ${failing.join(', ')}. Correct them in the settings, and send again what GET /v1/webhooks/dead lists, or delete it there.`;
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #found(id: string): WebhookMessage {
    const message = this.#options.store.get(id);
    if (message?.dueAt === null) return message;
    throw new Fault('webhook-message-not-found', 'There is no such message that was given up.');
  }
}

const none = { waiting: 0, dead: 0 };
const fresh = { attempts: 0, lastError: null };

/** One for each end of a job: a job that is run again ends again. */
function messageId({ name }: Webhook, { id, completedAt }: Job): string {
  return `msg_${createHash('sha256')
    .update(`${name}\n${id}\n${completedAt ?? 0}`)
    .digest('hex')
    .slice(0, 32)}`;
}
