// The body of one request as an async iterable: a short queue that pauses the sender when it is full.
import { Fault } from '../../contract/fault.ts';

export interface Flow {
  pause(): void;
  resume(): void;
}

/**
 * µWebSockets.js ends a connection that brings less than 160 KB in 10 s, which a phone far from its mast does; pause and
 * resume start that time anew.
 */
export const nudgeMs = 5000;

/** A sender that brings less, over a whole window in which nothing but its bytes was waited for, is ended. */
const leastBytesPerSecond = 1024;

/**
 * Bytes that wait in memory before the sender is paused. One read of the socket can bring 512 KiB, so that each one
 * waits for the one before it: of twenty fast senders not all bring something in the same turn of the event loop.
 */
const queueBytes = 128 * 1024;

export class Body implements AsyncIterable<Uint8Array> {
  readonly #flow: Flow;
  readonly #windowMs: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  /** In the window that is under way. */
  #came = 0;
  #heldUp = false;
  #watch: NodeJS.Timeout[] = [];
  #tooSlow: Fault | undefined;
  #paused = false;
  #discarding = false;
  #state: 'open' | 'ended' | 'aborted' = 'open';
  #changed: (() => void) | undefined;
  #onDiscarded: ((bytes: number) => void) | undefined;

  /** `windowMs`: how long a sender may be too slow. */
  constructor(flow: Flow, windowMs: number) {
    this.#flow = flow;
    this.#windowMs = windowMs;
  }

  /** True once the last byte has come, whether it was read or not. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** From the wire. The chunk must be the body's own: it is kept. */
  push(chunk: Uint8Array, last: boolean): void {
    if (last) {
      this.#state = 'ended';
      this.#unwatch();
    }
    this.#came += chunk.byteLength;
    if (this.#discarding) {
      this.#onDiscarded?.(chunk.byteLength);
    } else if (chunk.byteLength > 0) {
      this.#queue.push(chunk);
      this.#queued += chunk.byteLength;
      // Several chunks may still arrive after pause(): it is called once.
      if (this.#queued >= queueBytes && !this.#paused && !last) {
        this.#paused = true;
        this.#heldUp = true;
        this.#flow.pause();
      }
    }
    this.#changed?.();
  }

  /** From the wire: the client went away. The flow must not be touched any more. */
  abort(): void {
    if (this.#state === 'open') this.#state = 'aborted';
    this.#unwatch();
    this.#changed?.();
  }

  /** Throws Fault `malformed-request` when the sender goes away or is too slow. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#state === 'open' && this.#watch.length === 0) {
      this.#watch.push(
        setInterval(() => this.#nudge(), nudgeMs),
        setInterval(() => this.#judge(), this.#windowMs),
      );
    }
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk) {
        this.#queued -= chunk.byteLength;
        this.#wake();
        yield chunk;
      } else if (this.#state === 'ended' || this.#discarding) return;
      else if (this.#state === 'aborted') throw new Fault('malformed-request', 'The sender went away');
      else if (this.#tooSlow) throw this.#tooSlow;
      else await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  /**
   * Lets the sender go on into the void, so that it can read an answer that came early. Tells why that ended: with the
   * body, because nothing came for `quietMs`, or because `bytes` or `totalMs` were used up.
   */
  async discard(limits: { bytes: number; quietMs: number; totalMs: number }): Promise<'ended' | 'quiet' | 'endless'> {
    this.#discarding = true;
    this.#unwatch();
    this.#queue = [];
    this.#queued = 0;
    this.#changed?.();
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

  #unwatch(): void {
    for (const timer of this.#watch) clearInterval(timer);
    this.#watch = [];
  }

  #nudge(): void {
    // Paused, it has no time to run out.
    if (this.#paused) return;
    this.#flow.pause();
    this.#flow.resume();
  }

  /** A window in which the sender was paused says nothing about the sender. */
  #judge(): void {
    const seconds = this.#windowMs / 1000;
    if (!this.#heldUp && this.#came < leastBytesPerSecond * seconds) {
      const came = `${this.#came} bytes came in ${seconds} s`;
      this.#tooSlow = new Fault('malformed-request', `The upload is too slow or stalled: ${came}`);
      this.#changed?.();
    }
    this.#came = 0;
    this.#heldUp = this.#paused;
  }
}
