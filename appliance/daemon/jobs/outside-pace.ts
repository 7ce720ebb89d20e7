// What programs outside say anew of a job is told at once, and then once a second at most: the newest is never lost.

const restMs = 1000;

interface Rest {
  readonly timer: NodeJS.Timeout;
  /** Something was said meanwhile. */
  waits: boolean;
}

export class OutsidePace {
  /** Something new of this job may be told now. */
  readonly #onDue: (jobId: string) => void;
  readonly #resting = new Map<string, Rest>();

  constructor(onDue: (jobId: string) => void) {
    this.#onDue = onDue;
  }

  /** True where it may be told now; else it is due a little later, with what is said until then. */
  mayTell(jobId: string): boolean {
    const rest = this.#resting.get(jobId);
    if (rest) rest.waits = true;
    else this.#rest(jobId);
    return !rest;
  }

  /** It was told whole, or nobody wants to hear of it any more. */
  forget(jobId: string): void {
    clearTimeout(this.#resting.get(jobId)?.timer);
    this.#resting.delete(jobId);
  }

  /** What waits is due now. */
  close(): void {
    for (const [jobId, { waits }] of [...this.#resting]) {
      this.forget(jobId);
      if (waits) this.#onDue(jobId);
    }
  }

  #rest(jobId: string): void {
    const timer = setTimeout(() => {
      const waits = this.#resting.get(jobId)?.waits;
      this.#resting.delete(jobId);
      if (!waits) return;
      this.#rest(jobId);
      this.#onDue(jobId);
    }, restMs);
    this.#resting.set(jobId, { timer, waits: false });
  }
}
