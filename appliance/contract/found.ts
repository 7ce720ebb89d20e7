// What was found in a frame, whichever tool found it. Free of zod, so that the kiosk reads frames by it as well.
import type { Box, ResultFrame } from './frame.ts';
import type { SeenObject } from './preview.ts';

/** One thing in one frame, whichever tool found it. */
export interface FoundObject {
  /** Null where nothing is tracked. */
  readonly trackId: number | null;
  readonly classId: number;
  readonly className: string;
  readonly confidence: number;
  readonly box: Box;
}

/** In the order of the line. */
export function objectsIn({ detections }: ResultFrame): FoundObject[] {
  if ('tracked_objects' in detections) {
    return detections.tracked_objects.map(({ track_id, class_id, class: className, confidence, xyxy }) => {
      return { trackId: track_id, classId: class_id, className, confidence, box: xyxy };
    });
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

/** As it is told of a picture. */
export function toSeenObject({ box, className, classId, confidence, trackId }: FoundObject): SeenObject {
  return { box, class: className, class_id: classId, confidence, track_id: trackId };
}
