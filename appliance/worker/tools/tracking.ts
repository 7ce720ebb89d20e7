// The built-in plugin yolo-tracker: who is who, over all frames of a video.
import { TrackerMemory } from '../infer/track/memory.ts';
import { Tracker, trackerRules } from '../infer/track/tracker.ts';
import type { Tool } from './tool.ts';

export const videoPlayerTracking: Tool = {
  id: 'video_player_tracking',
  memory: TrackerMemory,
  async *run({ frames, totalFrames, detect, confidence, memory, remember, onProgress }) {
    const low = Math.min(trackerRules.low, confidence);
    const earlier = TrackerMemory.nullable().parse(memory);
    const tracker = new Tracker({ ...trackerRules, low, confidence }, earlier);
    remember(tracker);
    for await (const frame of frames) {
      const detections = await detect(frame, { confidence: low });
      const objects = tracker.update(frame.ptsS, detections);
      const pts_s = Math.round(frame.ptsS * 1e6) / 1e6;
      yield { frame_index: frame.index, pts_s, detections: { tracked_objects: objects } };
      onProgress(frame.index + 1, totalFrames);
    }
  },
};
