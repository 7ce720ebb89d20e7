// The time that a tool takes for itself, without that in which it waits for frames or for the model.

/** Ends a wait that has lasted too long. One wait at a time; `outside` may run beside it. */
export class OwnTime {
  readonly #allowedMs: number;
  #onExcess: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #others = 0;

  constructor(allowedMs: number) {
    this.#allowedMs = allowedMs;
  }

  /** Rejects with what `excess` makes where `work` has been at it for too long without a pause. */
  async within<T>(work: Promise<T>, excess: () => Error): Promise<T> {
    const late = new Promise<never>((_, reject) => {
      this.#onExcess = () => reject(excess());
    });
    this.#run();
    try {
      return await Promise.race([work, late]);
    } finally {
      this.#onExcess = null;
      clearTimeout(this.#timer);
    }
  }

  /** Time in which this is waited for does not count. */
  async outside<T>(other: Promise<T>): Promise<T> {
    this.#others += 1;
    clearTimeout(this.#timer);
    try {
      return await other;
    } finally {
      this.#others -= 1;
      this.#run();
    }
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (this.#others > 0 || !this.#onExcess) return;
    this.#timer = setTimeout(() => this.#onExcess?.(), this.#allowedMs);
  }
}
