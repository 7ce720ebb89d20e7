// What was found in a frame, whichever tool found it. Free of zod, so that the kiosk reads frames by it as well.
import type { Box, ResultFrame, ToolOutput } from './frame.ts';
import type { SeenObject } from './preview.ts';

/** One thing in one frame, whichever tool found it. */
export interface FoundObject {
  /** That found it, in the line of a job with several; else null. */
  readonly tool: string | null;
  /** Null where nothing is tracked. */
  readonly trackId: number | null;
  readonly classId: number;
  readonly className: string;
  readonly confidence: number;
  readonly box: Box;
}

/** What each tool says of the frame; the name is null in the line of a job with one. */
export function outputsIn(frame: ResultFrame): readonly (readonly [tool: string | null, output: ToolOutput])[] {
  if (frame.detections !== undefined) return [[null, frame]];
  return Object.entries(frame).filter((entry): entry is [string, ToolOutput] => typeof entry[1] === 'object');
}

/** In the order of the line; those of several tools one behind the other. */
export function objectsIn(frame: ResultFrame): FoundObject[] {
  return outputsIn(frame).flatMap(([tool, output]) => objectsOf(output, tool));
}

/**
 * The output to draw: several tools often find the same things, and each is to be drawn once. It is that of the first
 * tool that follows things, else of the first that found something, else of the first.
 */
export function shownIn(frame: ResultFrame): readonly [tool: string | null, output: ToolOutput] | undefined {
  const outputs = outputsIn(frame);
  return outputs.find(([, output]) => follows(output)) ?? outputs.find(([, output]) => finds(output)) ?? outputs[0];
}

export function follows({ detections }: ToolOutput): boolean {
  return 'tracked_objects' in detections;
}

function finds({ detections }: ToolOutput): boolean {
  return 'xyxy' in detections && detections.xyxy.length > 0;
}

export function objectsOf({ detections }: ToolOutput, tool: string | null): FoundObject[] {
  if ('tracked_objects' in detections) {
    return detections.tracked_objects.map(({ track_id, class_id, class: className, confidence, xyxy }) => {
      return { tool, trackId: track_id, classId: class_id, className, confidence, box: xyxy };
    });
  }
  const { xyxy, confidence, class_id, class_name } = detections;
  return xyxy.map((box, at) => ({
    tool,
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
