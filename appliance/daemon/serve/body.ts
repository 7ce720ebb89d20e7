// The body of one request as an async iterable: a short queue that pauses the sender when it is full.
import { Fault } from '../../contract/fault.ts';

export interface Flow {
  pause(): void;
  resume(): void;
}

/** µWebSockets.js ends a connection that is silent for 10 s; pause and resume start that time anew. */
export const nudgeMs = 5000;

/** Bytes that wait in memory before the sender is paused. One read of the socket can bring 512 KiB more. */
const queueBytes = 1024 * 1024;

export class Body implements AsyncIterable<Uint8Array> {
  readonly #flow: Flow;
  readonly #idleMs: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #discarding = false;
  #state: 'open' | 'ended' | 'aborted' = 'open';
  #changed: (() => void) | undefined;
  #onDiscarded: ((bytes: number) => void) | undefined;

  /** `idleMs`: how long to wait for the next byte. */
  constructor(flow: Flow, idleMs: number) {
    this.#flow = flow;
    this.#idleMs = idleMs;
  }

  /** True once the last byte has come, whether it was read or not. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** From the wire. The chunk must be the body's own: it is kept. */
  push(chunk: Uint8Array, last: boolean): void {
    if (last) this.#state = 'ended';
    if (this.#discarding) {
      this.#onDiscarded?.(chunk.byteLength);
    } else if (chunk.byteLength > 0) {
      this.#queue.push(chunk);
      this.#queued += chunk.byteLength;
      // Several chunks may still arrive after pause(): it is called once.
      if (this.#queued >= queueBytes && !this.#paused && !last) {
        this.#paused = true;
        this.#flow.pause();
      }
    }
    this.#changed?.();
  }

  /** From the wire: the client went away. The flow must not be touched any more. */
  abort(): void {
    if (this.#state === 'open') this.#state = 'aborted';
    this.#changed?.();
  }

  /** Throws Fault `malformed-request` when the sender goes away or stalls. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk) {
        this.#queued -= chunk.byteLength;
        this.#wake();
        yield chunk;
      } else if (this.#state === 'ended') return;
      else if (this.#state === 'aborted') throw new Fault('malformed-request', 'The sender went away');
      else await this.#next();
    }
  }

  /**
   * Lets the sender go on into the void, so that it can read an answer that came early. Tells why that ended: with the
   * body, because nothing came for `quietMs`, or because `bytes` or `totalMs` were used up.
   */
  async discard(limits: { bytes: number; quietMs: number; totalMs: number }): Promise<'ended' | 'quiet' | 'endless'> {
    this.#discarding = true;
    this.#queue = [];
    this.#queued = 0;
    this.#wake();
    if (this.#state !== 'open') return 'ended';
    return new Promise((resolve) => {
      let left = limits.bytes;
      const settle = (outcome: 'ended' | 'quiet' | 'endless'): void => {
        clearTimeout(total);
        clearTimeout(quiet);
        this.#changed = undefined;
        this.#onDiscarded = undefined;
        resolve(outcome);
      };
      const total = setTimeout(settle, limits.totalMs, 'endless');
      const quiet = setTimeout(settle, limits.quietMs, 'quiet');
      this.#onDiscarded = (bytes) => {
        left -= bytes;
        quiet.refresh();
        if (left <= 0) settle('endless');
      };
      this.#changed = () => {
        if (this.#state !== 'open') settle('ended');
      };
    });
  }

  #wake(): void {
    if (!this.#paused || this.#queued >= queueBytes / 2) return;
    this.#paused = false;
    if (this.#state === 'open') this.#flow.resume();
  }

  async #next(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(stalled);
        clearInterval(nudge);
        this.#changed = undefined;
      };
      const stalled = setTimeout(() => {
        settle();
        const seconds = Math.round(this.#idleMs / 1000);
        reject(new Fault('malformed-request', `The upload stalled: not a byte came for ${seconds} s`));
      }, this.#idleMs);
      const nudge = setInterval(() => {
        this.#flow.pause();
        this.#flow.resume();
      }, nudgeMs);
      this.#changed = () => {
        settle();
        resolve();
      };
    });
  }
}
