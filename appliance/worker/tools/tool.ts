// What a tool is: decoded frames in, artifact lines out. It knows no files, no messages and no percentages.
import type { ToolId } from '../../contract/plugins.ts';
import type { DetectionFrame, Detections } from '../../contract/frame.ts';
import type { Frame } from '../ingest/frames.ts';

export interface Tool {
  readonly id: ToolId;
  /**
   * Yields one line for every frame, in their order. What it throws fails the job; a Fault's code and message are kept.
   * The next line is asked for when the last one has been taken into the artifact.
   */
  readonly run: (work: ToolWork) => AsyncIterable<DetectionFrame>;
}

interface ToolWork {
  /** To be iterated once. A frame's pixels are to be read before the next frame is asked for. */
  readonly frames: AsyncIterable<Frame>;
  /** Null where the source does not say. */
  readonly totalFrames: number | null;
  /** Boxes in pixels of the source; one call at a time. */
  readonly detect: (frame: Frame) => Promise<Detections>;
  /** Optional to call; a tool that never does leaves the job's progress unknown, not its result. */
  readonly onProgress: (currentFrame: number, totalFrames: number | null) => void;
  /** Aborted when the job is cancelled. `frames` ends by itself then; only other waits need it. */
  readonly signal: AbortSignal;
}
