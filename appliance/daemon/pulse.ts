// How late the daemon's event loop runs: the promise that nothing blocks it is measured, not believed.
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 5;

export class Pulse {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#histogram.enable();
  }

  /** Since the last reset. The histogram holds the time between ticks, so the interval itself is taken off. */
  delayMs(percentile: number): number {
    if (this.#histogram.count === 0) return 0;
    return Math.max(0, this.#histogram.percentile(percentile) / 1e6 - resolutionMs);
  }

  reset(): void {
    this.#histogram.reset();
  }

  close(): void {
    this.#histogram.disable();
  }
}
