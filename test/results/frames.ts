// Handmade frames: two detections each, a person that walks to the right and a ball that stays.
import type { DetectionFrame, ModelUse, SourceInfo, Summary, TrackedFrame } from '../../appliance/contract/frame.ts';

export function frame(index: number): DetectionFrame {
  return {
    frame_index: index,
    pts_s: index / 25,
    detections: {
      xyxy: [
        [index, 10.1, index + 20, 50.3],
        [100, 100, 108.5, 108.5],
      ],
      confidence: [0.9, 0.55],
      class_id: [0, 32],
      class_name: ['person', 'ball'],
    },
  };
}

/** The same, tracked. */
export function trackedFrame(index: number): TrackedFrame {
  const { frame_index, pts_s } = frame(index);
  return {
    frame_index,
    pts_s,
    detections: {
      tracked_objects: [
        {
          ...{ track_id: 1, class_id: 0, class: 'person', confidence: 0.9 },
          ...{ xyxy: [index, 10.1, index + 20, 50.3], center: [index + 10, 30.2] },
        },
        {
          ...{ track_id: 4, class_id: 32, class: 'ball', confidence: 0.12 },
          ...{ xyxy: [100, 100, 108.5, 108.5], center: [104.25, 104.25] },
        },
      ],
    },
  };
}

export function frameLine(index: number): string {
  return `${JSON.stringify(frame(index))}\n`;
}

export function summaryOf(frames: number): Summary {
  const classes = { person: frames, ball: frames };
  return { total_frames: frames, total_detections: 2 * frames, classes, fps: 25, duration_s: frames / 25 };
}

export const source: SourceInfo = {
  ...{ container: 'mp4', codec: 'h264', width: 1280, height: 720, rotation: 0 },
  ...{ fps: 25, duration_s: 0.12, frames: 3 },
};

export const model: ModelUse = { name: 'demo', sha256: 'ab'.repeat(32), provider: 'cpu' };
