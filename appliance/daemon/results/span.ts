// A stretch of a video in equal bins: what its frames show is added one by one.
import type { FoundObject } from '../../contract/found.ts';
import type { Timeline, TimelineTrack } from '../../contract/timeline.ts';

interface Counts {
  readonly class: string;
  readonly class_id: number;
  readonly detections: number[];
  readonly peak: number[];
}

const mostTracks = 2000;

export class Span {
  readonly fromS: number;
  readonly #toS: number;
  readonly #bins: number;
  readonly #frames: number[];
  readonly #classes = new Map<string, Counts>();
  readonly #tracks = new Map<number, TimelineTrack>();

  /** Seconds, `fromS` ≤ `toS`; a frame at `toS` belongs to it. */
  constructor(fromS: number, toS: number, bins: number) {
    this.fromS = fromS;
    this.#toS = toS;
    this.#bins = bins;
    this.#frames = zeros(bins);
  }

  includes(ptsS: number): boolean {
    return ptsS >= this.fromS && ptsS <= this.#toS;
  }

  /** A frame outside is passed over. */
  add(index: number, ptsS: number, objects: readonly FoundObject[]): void {
    if (!this.includes(ptsS)) return;
    const length = this.#toS - this.fromS;
    const share = length > 0 ? (ptsS - this.fromS) / length : 0;
    const bin = Math.min(Math.floor(share * this.#bins), this.#bins - 1);
    increase(this.#frames, bin, 1);
    const shown = new Map<Counts, number>();
    for (const object of objects) {
      const counts = this.#countsOf(object);
      shown.set(counts, (shown.get(counts) ?? 0) + 1);
      if (object.trackId !== null) this.#follow(object.trackId, object, index, ptsS);
    }
    for (const [{ detections, peak }, count] of shown) {
      increase(detections, bin, count);
      peak[bin] = Math.max(peak[bin] ?? 0, count);
    }
  }

  timeline(jobId: string): Timeline {
    const sums = new Map([...this.#classes.values()].map((counts) => [counts, sum(counts.detections)]));
    const tracks = [...this.#tracks.values()].sort((a, b) => a.track_id - b.track_id);
    return {
      job_id: jobId,
      from_s: this.fromS,
      to_s: this.#toS,
      frames: this.#frames,
      classes: [...sums].sort(([, a], [, b]) => b - a).map(([counts]) => counts),
      tracks: tracks.slice(0, mostTracks),
      tracks_left_out: Math.max(tracks.length - mostTracks, 0),
    };
  }

  /** Classes that a setting tells by one name stay apart by their ids. */
  #countsOf({ classId, className }: FoundObject): Counts {
    const key = `${classId} ${className}`;
    const known = this.#classes.get(key);
    if (known) return known;
    const counts = { class: className, class_id: classId, detections: zeros(this.#bins), peak: zeros(this.#bins) };
    this.#classes.set(key, counts);
    return counts;
  }

  #follow(id: number, { classId, className, confidence }: FoundObject, index: number, ptsS: number): void {
    const before = this.#tracks.get(id);
    this.#tracks.set(id, {
      track_id: id,
      class: className,
      class_id: classId,
      first_s: before?.first_s ?? ptsS,
      last_s: ptsS,
      first_frame: before?.first_frame ?? index,
      frames: (before?.frames ?? 0) + 1,
      best: Math.max(before?.best ?? 0, confidence),
    });
  }
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function increase(counts: number[], at: number, by: number): void {
  counts[at] = (counts[at] ?? 0) + by;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
