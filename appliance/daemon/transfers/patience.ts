// Ends what brings too little for too long, waits between two tries, and knows when there were enough of them.
import { setTimeout as wait } from 'node:timers/promises';
import { Unreached } from './unreached.ts';

/** Who brings less over the whole of the patience holds a place in vain. As uploads have it. */
const leastBytesPerSecond = 1024;

export class Patience {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  readonly #least: number;
  #moved = 0;

  /** `signal`: aborted when `outer` is, or with Unreached after so long with less than 1 KB in each second of it. */
  constructor(stallMs: number, outer: AbortSignal) {
    const stalled = new AbortController();
    this.signal = AbortSignal.any([outer, stalled.signal]);
    this.#least = (stallMs / 1000) * leastBytesPerSecond;
    this.#timer = setTimeout(() => {
      const words = this.#moved === 0 ? 'nothing' : 'next to nothing';
      stalled.abort(new Unreached(`${words} moved for ${Math.round(stallMs / 100) / 10} seconds`));
    }, stallMs);
  }

  /** So many bytes more. */
  moved(bytes: number): void {
    this.#moved += bytes;
    if (this.#moved < this.#least) return;
    this.#moved = 0;
    this.#timer.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

/** Tries in a row that were in vain. */
export class Attempts {
  readonly #giveUpMs: number;
  #since: number | null = null;
  #count = 0;

  /** `giveUpMs`: from the first of them on. */
  constructor(giveUpMs: number) {
    this.#giveUpMs = giveUpMs;
  }

  get count(): number {
    return this.#count;
  }

  /** False: these are enough. */
  failed(): boolean {
    this.#count += 1;
    this.#since ??= performance.now();
    return performance.now() - this.#since < this.#giveUpMs;
  }

  /** One of them brought something. */
  forget(): void {
    this.#count = 0;
    this.#since = null;
  }
}

const longestMs = 60_000;

/**
 * Behind the try of this number, from 1: twice as long each time, by up to a quarter less, at most a minute. `askedS`: what
 * the other side asks for, at most five minutes. Throws the signal's reason where it is aborted.
 */
export async function backOff(
  tries: number,
  firstMs: number,
  askedS: number | null,
  signal: AbortSignal,
): Promise<void> {
  const usualMs = Math.min(firstMs * 2 ** (tries - 1), longestMs) * (1 - Math.random() / 4);
  const ms = Math.max(usualMs, Math.min(askedS ?? 0, 300) * 1000);
  await wait(ms, undefined, { signal }).catch(() => undefined); // called off: said by the next line
  signal.throwIfAborted();
}
