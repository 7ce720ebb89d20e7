// How far several tools have come together: a frame counts when each that reports has reported it.

export class JointProgress {
  readonly #onProgress: (currentFrame: number, totalFrames: number | null) => void;
  /** By tool; one that never reports is not waited for. */
  readonly #reported = new Map<string, number>();
  #told = 0;

  constructor(onProgress: (currentFrame: number, totalFrames: number | null) => void) {
    this.#onProgress = onProgress;
  }

  report(tool: string, currentFrame: number, totalFrames: number | null): void {
    this.#reported.set(tool, currentFrame);
    const common = Math.min(...this.#reported.values());
    if (common <= this.#told) return;
    this.#told = common;
    this.#onProgress(common, totalFrames);
  }
}
