// One connection to Redis that is kept up. What is said while it is away is refused at once, so nothing piles up in it.
import { createClient } from '@redis/client';
import { type Log, maskUrl } from '../../log.ts';

export interface RedisLinkOptions {
  /** redis:// or rediss://, may carry user, password and database. */
  readonly url: string;
  readonly name: string;
  readonly onUp: () => void;
  readonly onDown: (reason: string) => void;
  readonly log: Log;
}

export type RedisClient = ReturnType<typeof makeClient>;

/** The wait before a new try is drawn from this range, so that a fleet does not come back in step. */
const retryMs = { min: 300, max: 1000 };
const connectMs = 5000;
/** A server that is gone without a word is noticed by that. */
const pingMs = 10_000;

export class RedisLink {
  readonly client: RedisClient;
  readonly #options: RedisLinkOptions;
  /** Why it is away; said once for each reason, not for each try. */
  #reason: string | null = null;

  constructor(options: RedisLinkOptions) {
    const { url, log, onUp, onDown } = options;
    this.#options = options;
    this.client = makeClient(options);
    this.client.on('ready', () => {
      this.#reason = null;
      log.info({ redis: maskUrl(url), connection: options.name }, 'Redis connected');
      onUp();
    });
    this.client.on('error', (error: unknown) => {
      const reason = describe(error);
      if (reason === this.#reason) return;
      this.#reason = reason;
      log.warn({ redis: maskUrl(url), connection: options.name, reason }, 'Redis away');
      onDown(reason);
    });
  }

  get ready(): boolean {
    return this.client.isReady;
  }

  /** Goes on trying by itself; returns at once. */
  open(): void {
    this.client.connect().catch((err: unknown) => {
      // Only where it was closed meanwhile: every other failure is tried again.
      this.#options.log.debug({ err, connection: this.#options.name }, 'Redis connection given up');
    });
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}

function makeClient({ url, name }: RedisLinkOptions) {
  return createClient({
    url,
    name: `vedette-${name}`,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 5000,
    pingInterval: pingMs,
    socket: {
      connectTimeout: connectMs,
      reconnectStrategy: () => retryMs.min + Math.random() * (retryMs.max - retryMs.min),
    },
  });
}

/** A name with several addresses fails with an AggregateError, which has a code but no message. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && typeof error.code === 'string' ? error.code : error.name);
}
