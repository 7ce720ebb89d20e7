// Thins reports to a rate that the parent can take, each as fresh as it was made. The newest is never lost.

export class Pace<T> {
  readonly #send: (report: T) => void;
  readonly #intervalMs: number;
  /** When the next may be sent, by `performance.now()`. */
  #due = -Infinity;
  #waiting: { readonly report: T } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (report: T) => void, intervalMs: number) {
    this.#send = send;
    this.#intervalMs = intervalMs;
  }

  /**
   * Sent at once where the interval has passed since the last. One that comes earlier gives way to the first that comes
   * after it, and is sent only where none does for another interval: it is old by then.
   */
  report(report: T): void {
    const now = performance.now();
    if (now >= this.#due) return this.#sendNow(report);
    this.#waiting = { report };
    this.#timer ??= setTimeout(() => this.#sendWaiting(), this.#due - now + this.#intervalMs);
  }

  /** Sends what still waits, and ends. */
  close(): void {
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    if (this.#waiting) this.#sendNow(this.#waiting.report);
  }

  #sendNow(report: T): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = null;
    this.#due = performance.now() + this.#intervalMs;
    this.#send(report);
  }
}
