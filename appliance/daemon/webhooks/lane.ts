// One webhook and the messages on their way to it: one at a time, each tried again for a day before it is given up.
import { isoTime } from '../../contract/iso-time.ts';
import type { WebhookEvent, WebhookView } from '../../contract/webhook-api.ts';
import type { Log } from '../../log.ts';
import type { WebhookMessage, WebhookStore } from '../record/webhook-store.ts';
import { attempt } from './attempt.ts';

export interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly events: readonly WebhookEvent[];
}

export interface LaneOptions {
  readonly hook: Webhook;
  readonly store: WebhookStore;
  /** Before the second try, the third, and so on; one more than there are waits is the last. In ms. */
  readonly waits: readonly number[];
  readonly onChange: () => void;
  readonly log: Log;
}

/** A timer of Node's holds no more. */
const longestTimerMs = 2 ** 31 - 1;
const afterFailureMs = 10_000;

export class WebhookLane {
  readonly hook: Webhook;
  readonly #options: LaneOptions;
  readonly #closing = new AbortController();
  #working: Promise<void> | null = null;
  #woken = false;
  #timer: NodeJS.Timeout | undefined;
  #lastSuccessAt: number | null = null;
  #lastError: string | null = null;

  constructor(options: LaneOptions) {
    this.hook = options.hook;
    this.#options = options;
  }

  get view(): WebhookView {
    const { name, url, events } = this.hook;
    return {
      name,
      // The path of many receivers is their secret.
      url: new URL(url).origin,
      events: [...events],
      ...this.#options.store.counts(name),
      last_success_at: this.#lastSuccessAt === null ? null : isoTime(this.#lastSuccessAt),
      last_error: this.#lastError,
    };
  }

  /** Something may be due. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    this.#woken = true;
    this.#working ??= this.#work();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** As often as it was woken meanwhile. Never rejects. */
  async #work(): Promise<void> {
    while (this.#woken) {
      this.#woken = false;
      await this.#round();
    }
    // In the same turn as the last look at what was asked: nobody is passed over in between.
    this.#working = null;
  }

  async #round(): Promise<void> {
    const { signal } = this.#closing;
    clearTimeout(this.#timer);
    try {
      for (let message = this.#due(); message && !signal.aborted; message = this.#due()) await this.#deliver(message);
      this.#sleep(this.#untilNext());
    } catch (err) {
      // The disk is full, or cannot be read: what arrived may be sent again.
      this.#options.log.error({ err, webhook: this.hook.name }, 'webhook messages cannot be read or written');
      this.#sleep(afterFailureMs);
    }
  }

  async #deliver(message: WebhookMessage): Promise<void> {
    const { store, waits, onChange, log } = this.#options;
    const { signal } = this.#closing;
    const { url, secret, name } = this.hook;
    const reception = await attempt({ url, secret, id: message.id, body: message.body, signal }).catch(
      (error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      },
    );
    if (reception === null) return;
    if (reception.kind === 'taken') {
      this.#lastSuccessAt = Date.now();
      this.#lastError = null;
      store.remove(message.id);
      log.info({ webhook: name, jobId: message.jobId, attempts: message.attempts + 1 }, 'webhook told');
    } else {
      const { reason: lastError, gone, afterMs } = reception;
      const wait = gone ? undefined : waits[message.attempts];
      const dueAt = wait === undefined ? null : Date.now() + Math.max(wait, afterMs);
      this.#lastError = lastError;
      store.failed(message, { dueAt, lastError });
      const what = dueAt === null ? 'webhook message given up' : 'webhook not told';
      log.warn({ webhook: name, jobId: message.jobId, attempts: message.attempts + 1, reason: lastError }, what);
    }
    onChange();
  }

  #due(): WebhookMessage | undefined {
    const message = this.#options.store.next(this.hook.name);
    return message && (message.dueAt ?? 0) <= Date.now() ? message : undefined;
  }

  /** Null: nothing waits. */
  #untilNext(): number | null {
    const next = this.#options.store.next(this.hook.name);
    return next ? Math.max((next.dueAt ?? 0) - Date.now(), 0) : null;
  }

  #sleep(ms: number | null): void {
    if (ms === null || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, longestTimerMs));
  }
}
