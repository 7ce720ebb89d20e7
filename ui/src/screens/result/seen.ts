// One frame of a result as the screen uses it, whichever tool found what is in it. Pure.
import type { ResultFrame } from '../../../../appliance/contract/frame.ts';

export interface SeenThing {
  /** Null where nothing is tracked. */
  readonly trackId: number | null;
  readonly classId: number;
  readonly className: string;
  /** 0..1 */
  readonly confidence: number;
  /** `[x1, y1, x2, y2]` in pixels of the source. */
  readonly box: readonly [number, number, number, number];
}

export interface SeenFrame {
  /** Its place among the frames of the result, from 0: the `offset` of a page. */
  readonly at: number;
  /** As the decoder counts, from 0. */
  readonly index: number;
  /** Seconds from the start of the video. */
  readonly pts: number;
  readonly things: readonly SeenThing[];
}

export function seenFrame(frame: ResultFrame, at: number): SeenFrame {
  return { at, index: frame.frame_index, pts: frame.pts_s, things: thingsIn(frame) };
}

function thingsIn({ detections }: ResultFrame): readonly SeenThing[] {
  if ('tracked_objects' in detections) {
    return detections.tracked_objects.map((object) => ({
      trackId: object.track_id,
      classId: object.class_id,
      className: object.class,
      confidence: object.confidence,
      box: object.xyxy,
    }));
  }
  const { xyxy, confidence, class_id, class_name } = detections;
  return xyxy.map((box, at) => ({
    trackId: null,
    classId: class_id[at] ?? 0,
    className: class_name[at] ?? '',
    confidence: confidence[at] ?? 0,
    box,
  }));
}
