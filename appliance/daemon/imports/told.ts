// Tells of a change at once, and of those that follow it at most four times a second, or as rarely as its owner wants. The last one is always told.

const leastMs = 250;

export class Told {
  readonly #tell: () => void;
  readonly #intervalMs: () => number;
  #last = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: () => void, intervalMs: () => number = () => leastMs) {
    this.#tell = tell;
    this.#intervalMs = intervalMs;
  }

  changed(): void {
    if (this.#timer) return;
    const pause = Math.max(leastMs, this.#intervalMs());
    this.#timer = setTimeout(() => this.#now(), Math.max(0, this.#last + pause - performance.now()));
  }

  /** Tells what was still held back. */
  close(): void {
    if (this.#timer) this.#now();
  }

  #now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    this.#tell();
  }
}
