// The plainest tracker, to compare with: each detection continues the track whose last box it overlaps most.
import type { Box, Detections } from '../../../appliance/contract/frame.ts';
import { overlap } from '../matching.ts';
import type { Known } from './score.ts';

const bufferS = 1;
const leastOverlap = 0.3;

export class GreedyTracker {
  #tracks: readonly (Known & { readonly seenS: number })[] = [];
  #next = 1;
  readonly #confidence: number;

  constructor(confidence: number) {
    this.#confidence = confidence;
  }

  update(ptsS: number, { xyxy, confidence }: Detections): readonly Known[] {
    const free = new Set<Known>(this.#tracks);
    const sure = xyxy.filter((_, at) => (confidence[at] ?? 0) >= this.#confidence);
    const found = sure.map((box) => ({ id: this.#take(free, box) ?? this.#next++, box, seenS: ptsS }));
    const hidden = this.#tracks.filter((track) => free.has(track) && ptsS - track.seenS <= bufferS);
    this.#tracks = [...found, ...hidden];
    return found;
  }

  #take(free: Set<Known>, box: Box): number | undefined {
    const [best] = [...free].sort((a, b) => overlap(b.box, box) - overlap(a.box, box));
    if (!best || overlap(best.box, box) < leastOverlap) return undefined;
    free.delete(best);
    return best.id;
  }
}
