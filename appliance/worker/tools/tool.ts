// What a tool is: decoded frames in, artifact lines out. It knows no files, no messages and no percentages.
import type { z } from 'zod';
import type { Detections, ToolFrame } from '../../contract/frame.ts';
import type { InputType } from '../../contract/plugins.ts';
import type { Frame } from '../ingest/frames.ts';

export interface Tool {
  readonly id: string;
  /** What it takes; by default a video. */
  readonly input?: InputType;
  /** Of code that can change beneath the same id: lines made by one are not continued by another. */
  readonly revision?: string;
  /**
   * Of a tool whose lines depend on earlier frames: the form of what it keeps of them. Where a checkpoint has something
   * else, of another release perhaps, the job starts over.
   */
  readonly memory?: z.ZodType;
  /**
   * Yields one line for every frame, in their order, and no other; else the job fails. So does it for what is thrown; a
   * Fault's code and message are kept. The next line is asked for when the last one has been taken into the artifact, or
   * when another tool of the job needs a further frame before it says anything.
   */
  readonly run: (work: ToolWork) => AsyncIterable<ToolFrame>;
}

/** What a tool that looks back tells of itself, whenever it is asked between two of its lines. */
export interface Recollection {
  /** All that it needs to go on behind its last line: JSON of at most a few 100 KB, that does not change any more. */
  readonly memory: () => unknown;
  /** Tracks so far by class name, for the summary. */
  readonly tracks: () => Readonly<Record<string, number>>;
}

export interface ToolWork {
  /**
   * To be iterated once, to its end. A frame's pixels are to be read, and never written, before the next frame is asked
   * for.
   */
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
  /**
   * Optional to call; a job none of whose tools does has no known progress, and the same result. A frame counts when
   * all that call it have reported it.
   */
  readonly onProgress: (currentFrame: number, totalFrames: number | null) => void;
  /** Aborted when the job is cancelled. `frames` ends by itself then; only other waits need it. */
  readonly signal: AbortSignal;
}
