// What is still to be published: the newest payload of each topic. Bounded, and in no hurry while the broker is away.
export interface OutboxOptions {
  /** Topics that may wait; beyond it the one that has waited longest is dropped. */
  readonly mostTopics: number;
  /** Publishes that may be unacknowledged at a time. */
  readonly mostInFlight: number;
}

/** Pictures are bytes. */
export type Payload = string | Buffer;

/** Publishes once and calls `done` when the broker has acknowledged, or refused with an error. */
export type Send = (topic: string, payload: Payload, done: (error?: Error) => void) => void;

interface Letter {
  readonly payload: Payload;
  readonly confirmed: (() => void) | undefined;
}

export class Outbox {
  readonly #mostTopics: number;
  readonly #mostInFlight: number;
  readonly #waiting = new Map<string, Letter>();
  /** At most one of each topic, so that what is put back after a broken connection is never older than it was. */
  readonly #inFlight = new Map<string, Letter>();
  #send: Send | undefined;
  #onEmpty: (() => void)[] = [];
  #dropped = 0;

  constructor({ mostTopics, mostInFlight }: OutboxOptions) {
    this.#mostTopics = mostTopics;
    this.#mostInFlight = mostInFlight;
  }

  /** Topics not yet acknowledged by the broker. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size;
  }

  /** Payloads lost so far because too many topics waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Replaces what waits for this topic, which keeps its place in the row: a busy topic is never put off forever.
   * `confirmed`: the broker has taken this payload; not called for one that was replaced, dropped or refused.
   */
  put(topic: string, payload: Payload, confirmed?: () => void): void {
    this.#enqueue(topic, { payload, confirmed });
    this.#pump();
  }

  /** The broker is there. */
  open(send: Send): void {
    this.#send = send;
    this.#pump();
  }

  /** The broker is away: what it has not acknowledged waits again, unless something newer does. */
  suspend(): void {
    this.#send = undefined;
    const unacknowledged = [...this.#inFlight];
    this.#inFlight.clear();
    for (const [topic, letter] of unacknowledged) {
      if (!this.#waiting.has(topic)) this.#enqueue(topic, letter);
    }
  }

  /** True once everything is acknowledged, false where `signal` aborts first. */
  async emptied(signal: AbortSignal): Promise<boolean> {
    if (this.size === 0) return true;
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
      this.#onEmpty.push(() => resolve(true));
    });
  }

  #enqueue(topic: string, letter: Letter): void {
    this.#waiting.set(topic, letter);
    if (this.#waiting.size <= this.#mostTopics) return;
    const [oldest] = this.#waiting.keys();
    if (oldest === undefined) return;
    this.#waiting.delete(oldest);
    this.#dropped += 1;
  }

  #pump(): void {
    const send = this.#send;
    if (!send) return;
    for (const [topic, waiting] of this.#waiting) {
      if (this.#inFlight.size >= this.#mostInFlight) return;
      if (this.#inFlight.has(topic)) continue;
      this.#waiting.delete(topic);
      const letter: Letter = { ...waiting }; // a copy for each sending, see below
      this.#inFlight.set(topic, letter);
      send(topic, letter.payload, (error) => this.#acknowledged(topic, letter, error));
    }
  }

  #acknowledged(topic: string, letter: Letter, error: Error | undefined): void {
    // an answer that belongs to a connection which is over says nothing about what was put back
    if (this.#inFlight.get(topic) !== letter) return;
    this.#inFlight.delete(topic);
    if (!error) letter.confirmed?.();
    this.#pump();
    if (this.size > 0) return;
    for (const tell of this.#onEmpty.splice(0)) tell();
  }
}
