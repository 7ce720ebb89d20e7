// Which tool does what the daemon asks for. A tool id of the contract without an entry here does not compile.
import type { ToolId } from '../../contract/plugins.ts';
import type { Tool } from './tool.ts';
import { videoPlayerTracking } from './tracking.ts';
import { playerDetection, videoPlayerDetection } from './yolo-tracker.ts';

export const tools = {
  player_detection: playerDetection,
  video_player_detection: videoPlayerDetection,
  video_player_tracking: videoPlayerTracking,
} as const satisfies Record<ToolId, Tool>;
