// The built-in plugin yolo-tracker: detection on every frame of a video, or on one picture.
import type { Tool } from './tool.ts';

export const videoPlayerDetection: Tool = {
  id: 'video_player_detection',
  async *run({ frames, totalFrames, detect, onProgress }) {
    for await (const frame of frames) {
      const detections = await detect(frame);
      yield { frame_index: frame.index, pts_s: toMicroseconds(frame.ptsS), detections };
      onProgress(frame.index + 1, totalFrames);
    }
  },
};

/** The same of a source with one frame. */
export const playerDetection: Tool = { ...videoPlayerDetection, id: 'player_detection', input: 'image_bytes' };

function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
