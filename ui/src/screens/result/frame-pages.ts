// Where in pages of frames a moment lies. Pure.
import type { SeenFrame } from './seen.ts';

/** Never empty; in the order of time. */
export type Page = readonly SeenFrame[];

/** Times of a page's first and last frame, in seconds. */
type Bounds = readonly [first: number, last: number];

/** Containers round times, to a millisecond at worst. */
export const rounding = 0.002;

/** `nearest`: `pts` is the time of a frame. `under`: it is any moment, at which the frame before it is still shown. */
export type Way = 'nearest' | 'under';

/** The frame of that time among frames that follow each other without a gap; undefined where it is of none of them. */
export function frameAt(frames: Page, pts: number, way: Way): SeenFrame | undefined {
  const index = lastUpTo(frames, pts + rounding);
  const [before, after] = [frames[index], frames[index + 1]];
  if (way === 'under') return before;
  const isAfter = after !== undefined && (before === undefined || after.pts - pts < pts - before.pts);
  const near = isAfter ? after : before;
  return near !== undefined && Math.abs(near.pts - pts) <= tolerance(before, after) ? near : undefined;
}

/** What is known of the pages of a result, those that were let go among them. */
export class Contents {
  readonly #size: number;
  readonly #fps: number;
  readonly #bounds = new Map<number, Bounds>();

  /** `size`: frames of a page. `fps`: frames a second. */
  constructor(size: number, fps: number) {
    this.#size = size;
    this.#fps = fps;
  }

  has(page: number): boolean {
    return this.#bounds.has(page);
  }

  note(page: number, bounds: Bounds): void {
    this.#bounds.set(page, bounds);
  }

  /**
   * The page that has this moment, or that is to be asked for next on the way to it. `total`: there are no more frames;
   * null where that is not known.
   */
  pageOf(pts: number, total: number | null): number {
    let [low, high] = [-1, total === null ? Infinity : Math.ceil(total / this.#size)];
    for (const [page, [first]] of this.#bounds) {
      if (first <= pts + rounding) low = Math.max(low, page);
      else high = Math.min(high, page);
    }
    const [, last] = this.#bounds.get(low) ?? [];
    if (last === undefined) return 0;
    if (pts <= last + rounding || low + 1 >= high) return low;
    const above = this.#bounds.get(high)?.[0];
    const beyond = pts - last;
    const pages =
      above === undefined ? (beyond * this.#fps) / this.#size : (beyond / (above - last)) * (high - low - 1);
    return Math.min(low + 1 + Math.floor(pages), high - 1);
  }
}

/** Index of the last one that is not later; -1 where all are. */
function lastUpTo(frames: Page, pts: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((frames[middle]?.pts ?? Infinity) <= pts) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A picture that no frame of the result belongs to lies half-way between two; one that belongs to one lies on it. */
function tolerance(before: SeenFrame | undefined, after: SeenFrame | undefined): number {
  if (before === undefined || after === undefined) return rounding;
  return Math.max((after.pts - before.pts) * 0.3, rounding);
}
