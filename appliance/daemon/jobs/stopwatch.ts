// The patience with a job's worker: since it last brought something, and in all. Both stand still while the job is held.

export interface StopwatchOptions {
  /** Longest without news. */
  readonly hangMs: number;
  /** Longest in all, over all workers of the job; at most 24.8 days, as timers go. */
  readonly longestMs: number;
}

export type Verdict = 'hung' | 'too long';

export class Stopwatch {
  readonly #options: StopwatchOptions;
  readonly #holders = new Set<string>();
  #spentMs = 0;
  #runningSince: number | null = null;
  #onVerdict: ((verdict: Verdict) => void) | null = null;
  #silence: NodeJS.Timeout | undefined;
  #whole: NodeJS.Timeout | undefined;

  constructor(options: StopwatchOptions) {
    this.#options = options;
  }

  /** For one worker; `onVerdict` is called at most once. */
  start(onVerdict: (verdict: Verdict) => void): void {
    this.#onVerdict = onVerdict;
    this.#run();
  }

  news(): void {
    this.#silence?.refresh();
  }

  /** Several may hold it; it goes on when none does. */
  hold(holder: string, held: boolean): void {
    if (held) this.#holders.add(holder);
    else this.#holders.delete(holder);
    if (this.#holders.size > 0) this.#halt();
    else if (this.#onVerdict && this.#runningSince === null) this.#run();
  }

  stop(): void {
    this.#halt();
    this.#onVerdict = null;
  }

  #run(): void {
    if (this.#holders.size > 0) return;
    const { hangMs, longestMs } = this.#options;
    this.#runningSince = performance.now();
    this.#silence = setTimeout(() => this.#say('hung'), hangMs);
    this.#whole = setTimeout(() => this.#say('too long'), Math.max(longestMs - this.#spentMs, 0));
  }

  #halt(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#whole);
    if (this.#runningSince !== null) this.#spentMs += performance.now() - this.#runningSince;
    this.#runningSince = null;
  }

  #say(verdict: Verdict): void {
    const tell = this.#onVerdict;
    this.stop();
    tell?.(verdict);
  }
}
