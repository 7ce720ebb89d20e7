// Tools that treat the frames in every way that a plugin may.
import { setTimeout as wait } from 'node:timers/promises';
import type { ToolFrame } from '../../../appliance/contract/frame.ts';
import type { Tool } from '../../../appliance/worker/tools/tool.ts';
import { videoPlayerDetection } from '../../../appliance/worker/tools/yolo-tracker.ts';

const id = 'video_player_detection';

/** Has `ahead` frames more than it has lines. */
function looksAhead(ahead: number): Tool {
  return {
    id,
    async *run({ frames, detect }) {
      const known: ToolFrame[] = [];
      for await (const frame of frames) {
        known.push({ frame_index: frame.index, pts_s: frame.ptsS, detections: await detect(frame) });
        const line = known.length > ahead ? known.shift() : undefined;
        if (line) yield line;
      }
      yield* known;
    },
  };
}

/** Takes longer over some frames than a silent pipeline is waited for. */
const rests: Tool = {
  id,
  async *run({ frames, detect }) {
    for await (const frame of frames) {
      const detections = await detect(frame);
      if (frame.index === 20 || frame.index === 49) await wait(1200);
      yield { frame_index: frame.index, pts_s: frame.ptsS, detections };
    }
  },
};

export const tools = {
  plain: videoPlayerDetection,
  'looks 2 ahead': looksAhead(2),
  'looks 3 ahead': looksAhead(3),
  'looks 12 ahead': looksAhead(12),
  'looks at all first': looksAhead(Infinity),
  rests,
} as const satisfies Record<string, Tool>;
