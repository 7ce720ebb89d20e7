// Work that is done one after another, for as many as have the patience to wait.
import { Busy } from './busy.ts';

export class Lane {
  readonly #most: number;
  readonly #retryAfterS: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `most`: those that may wait while one is at work. `retryAfterS`: told to the others. */
  constructor({ most, retryAfterS }: { readonly most: number; readonly retryAfterS: number }) {
    this.#most = most;
    this.#retryAfterS = retryAfterS;
  }

  /** Throws Busy where too many wait, what the work throws, and the reason of `signal` where that came first. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#waiting > this.#most)
      throw new Busy(`${this.#most} others wait for this; ask again in a moment.`, this.#retryAfterS);
    this.#waiting += 1;
    const turn = this.#last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last = turn.catch(() => undefined); // told to whoever asked for it
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
