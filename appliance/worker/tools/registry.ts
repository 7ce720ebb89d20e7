// Which tool does what the daemon asks for. A tool id of the contract without an entry here does not compile.
import type { ToolId } from '../../contract/plugins.ts';
import type { Tool } from './tool.ts';
import { videoPlayerDetection } from './yolo-tracker.ts';

export const tools = {
  video_player_detection: videoPlayerDetection,
} as const satisfies Record<ToolId, Tool>;
