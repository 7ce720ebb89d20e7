// One frame of a result as the screen uses it, whichever tool found what is in it. Pure.
import { follows, type FoundObject, objectsIn, outputsIn } from '../../../../appliance/contract/found.ts';
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

/** The same with what one tool found alone; `tool` null: of a job that has only one. */
export function ofTool(frame: SeenFrame, tool: string | null): SeenFrame {
  return tool === null ? frame : { ...frame, things: frame.things.filter((thing) => thing.tool === tool) };
}

export function seenFrame(frame: ResultFrame, at: number): SeenFrame {
  return { at, index: frame.frame_index, pts: frame.pts_s, things: objectsIn(frame) };
}

/** Of several tools the first that follows things; null where none does. */
export function followerIn(frame: ResultFrame): string | null {
  return outputsIn(frame).find(([, output]) => follows(output))?.[0] ?? null;
}
