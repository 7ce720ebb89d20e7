// Thins reports to a rate that the parent can take. The newest report is never lost: it comes a little later.

export class Pace<T> {
  readonly #send: (report: T) => void;
  readonly #intervalMs: number;
  #waiting: { readonly report: T } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (report: T) => void, intervalMs: number) {
    this.#send = send;
    this.#intervalMs = intervalMs;
  }

  report(report: T): void {
    this.#waiting = { report };
    if (this.#timer === null) this.#sendWaiting();
  }

  /** Sends what still waits, and ends. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const last = this.#waiting;
    this.#waiting = null;
    if (last) this.#send(last.report);
  }

  #sendWaiting(): void {
    this.#timer = null;
    if (this.#waiting === null) return;
    const { report } = this.#waiting;
    this.#waiting = null;
    this.#timer = setTimeout(() => this.#sendWaiting(), this.#intervalMs);
    this.#send(report);
  }
}
