// One frame of a result as the screen uses it, whichever tool found what is in it. Pure.
import { type FoundObject, objectsIn } from '../../../../appliance/contract/found.ts';
import type { ResultFrame } from '../../../../appliance/contract/frame.ts';

export interface SeenFrame {
  /** Its place among the frames of the result, from 0: the `offset` of a page. */
  readonly at: number;
  /** As the decoder counts, from 0. */
  readonly index: number;
  /** Seconds from the start of the video. */
  readonly pts: number;
  readonly things: readonly FoundObject[];
}

export function seenFrame(frame: ResultFrame, at: number): SeenFrame {
  return { at, index: frame.frame_index, pts: frame.pts_s, things: objectsIn(frame) };
}
