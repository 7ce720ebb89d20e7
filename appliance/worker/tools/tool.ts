// What a tool is: decoded frames in, artifact lines out. It knows no files, no messages and no percentages.
import type { z } from 'zod';
import type { Detections, ResultFrame } from '../../contract/frame.ts';
import type { InputType, ToolId } from '../../contract/plugins.ts';
import type { Frame } from '../ingest/frames.ts';

export interface Tool {
  readonly id: ToolId;
  /** What it takes; by default a video. */
  readonly input?: InputType;
  /**
   * Of a tool whose lines depend on earlier frames: the form of what it keeps of them. Where a checkpoint has something
   * else, of another release perhaps, the job starts over.
   */
  readonly memory?: z.ZodType;
  /**
   * Yields one line for every frame, in their order. What it throws fails the job; a Fault's code and message are kept.
   * The next line is asked for when the last one has been taken into the artifact.
   */
  readonly run: (work: ToolWork) => AsyncIterable<ResultFrame>;
}

/** What a tool that looks back tells of itself, whenever it is asked between two of its lines. */
export interface Recollection {
  /** All that it needs to go on behind its last line: JSON of at most a few 100 KB, that does not change any more. */
  readonly memory: () => unknown;
  /** Tracks so far by class name, for the summary. */
  readonly tracks: () => Readonly<Record<string, number>>;
}

export interface ToolWork {
  /** To be iterated once. A frame's pixels are to be read before the next frame is asked for. */
  readonly frames: AsyncIterable<Frame>;
  /** Null where the source does not say. */
  readonly totalFrames: number | null;
  /** Boxes in pixels of the source; one call at a time. Scores below the job's threshold come only to who asks for them. */
  readonly detect: (frame: Frame, options?: { readonly confidence: number }) => Promise<Detections>;
  /** The job's threshold, 0..1. */
  readonly confidence: number;
  /** What the tool kept of the frames before the first of `frames`, in its form; null at the start of the video. */
  readonly memory: unknown;
  /** Called by a tool that looks back, before its first line. */
  readonly remember: (recollection: Recollection) => void;
  /** Optional to call; a tool that never does leaves the job's progress unknown, not its result. */
  readonly onProgress: (currentFrame: number, totalFrames: number | null) => void;
  /** Aborted when the job is cancelled. `frames` ends by itself then; only other waits need it. */
  readonly signal: AbortSignal;
}
