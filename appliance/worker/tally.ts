// Counts lines and detections while they pass.
import { objectsIn } from '../contract/found.ts';
import type { ResultFrame, SourceInfo, Summary } from '../contract/frame.ts';

export class Tally {
  readonly #classes: Map<string, number>;
  #frames: number;

  /** Goes on from what was counted before. */
  constructor(frames: number, classes: Readonly<Record<string, number>>) {
    this.#frames = frames;
    this.#classes = new Map(Object.entries(classes));
  }

  get frames(): number {
    return this.#frames;
  }

  /** Detections by class name. */
  get classes(): Record<string, number> {
    return Object.fromEntries(this.#classes);
  }

  add(line: ResultFrame): void {
    this.#frames++;
    for (const { className: name } of objectsIn(line)) this.#classes.set(name, (this.#classes.get(name) ?? 0) + 1);
  }

  summary(source: SourceInfo, endS: number): Summary {
    return {
      total_frames: this.#frames,
      total_detections: [...this.#classes.values()].reduce((sum, count) => sum + count, 0),
      classes: this.classes,
      fps: source.fps,
      duration_s: source.duration_s || endS,
    };
  }
}
