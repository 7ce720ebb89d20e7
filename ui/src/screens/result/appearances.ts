// When something of a class comes into sight. Pure.
import type { Timeline } from '../../../../appliance/contract/timeline.ts';
import type { FrameStore } from './frame-store.svelte.ts';
import { ofTool, type SeenFrame } from './seen.ts';

/** Its first frame lies within these seconds. */
export interface Appearance {
  readonly from: number;
  readonly to: number;
}

/**
 * Of a job that tracks: where each track begins. Of others: where the class is seen after a time in which it was not,
 * as finely as the bins are. In the order of time.
 */
export function appearances(timeline: Timeline, className: string): readonly Appearance[] {
  if (timeline.tracks.length > 0 && timeline.tracks_left_out === 0) {
    return timeline.tracks
      .filter((track) => track.class === className)
      .map(({ first_s }) => ({ from: first_s, to: first_s }))
      .sort((a, b) => a.from - b.from);
  }
  const counts = timeline.classes.find((one) => one.class === className)?.detections ?? [];
  const width = (timeline.to_s - timeline.from_s) / Math.max(counts.length, 1);
  let absent = true;
  return counts.flatMap((count, bin) => {
    // A bin without a frame says nothing: bins may be narrower than frames are long.
    if (timeline.frames[bin] === 0) return [];
    const begins = count > 0 && absent;
    absent = count === 0;
    const from = timeline.from_s + bin * width;
    return begins ? [{ from, to: from + width }] : [];
  });
}

/** The first frame of the next appearance after this frame, or of the last one before it; undefined where there is none. */
export async function besideFrame(
  list: readonly Appearance[],
  {
    className,
    from,
    direction,
    store,
    tool = null,
  }: {
    readonly className: string;
    readonly from: SeenFrame;
    readonly direction: 1 | -1;
    readonly store: FrameStore;
    /** Whose findings count; null for a job that has only one. */
    readonly tool?: string | null;
  },
): Promise<SeenFrame | undefined> {
  const ahead = list.filter(({ from: begin, to }) => (direction === 1 ? to >= from.pts : begin <= from.pts));
  for (const one of direction === 1 ? ahead : ahead.reverse()) {
    const frame = await firstWith({ className, tool }, one, store);
    if (frame !== undefined && Math.sign(frame.at - from.at) === direction) return frame;
  }
  return undefined;
}

async function firstWith(
  { className, tool }: { readonly className: string; readonly tool: string | null },
  { from, to }: Appearance,
  store: FrameStore,
): Promise<SeenFrame | undefined> {
  let frame = await store.from(from);
  while (frame !== undefined && !ofTool(frame, tool).things.some((thing) => thing.className === className)) {
    if (frame.pts > to) return undefined;
    frame = await store.get(frame.at + 1);
  }
  return frame;
}
