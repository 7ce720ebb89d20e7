// Finds out with which frame each clip begins: one pass over the video that looks at no other frames.
import { demux, type DemuxOptions } from './demuxing.ts';
import type { Moment } from './moments.ts';

export interface Planned {
  readonly number: number;
  readonly moment: Moment;
  /** Of the key frame at or before its beginning, on the time line of the video. */
  readonly fromNs: number;
}

/** Where containers keep whole milliseconds a frame may lie a little behind its time. */
const toleranceNs = 1e6;

/** A pass that goes on says so at least so often. */
export const newsMs = 1000;

/** In the order of their beginnings, as the moments are. Those before the first key frame begin with it. Throws as demux does. */
export async function findKeyFrames(
  options: DemuxOptions,
  moments: readonly Moment[],
  onNews: () => void,
): Promise<Planned[]> {
  const found: Planned[] = [];
  let toldAt = performance.now();
  let before: number | null = null;
  const settleUntil = (atNs: number) => {
    for (let moment = moments[found.length]; moment && before !== null; moment = moments[found.length]) {
      if (moment.fromS * 1e9 + toleranceNs >= atNs) return;
      found.push({ number: found.length + 1, moment, fromNs: before });
    }
  };
  await demux(options, {
    keysOnly: true,
    sound: false,
    take: (_stream, { atNs }) => {
      if (atNs === null) return false;
      if (performance.now() - toldAt >= newsMs) {
        toldAt = performance.now();
        onNews();
      }
      settleUntil(atNs);
      before = atNs;
      return found.length === moments.length;
    },
  });
  settleUntil(Infinity);
  return found;
}
