// What makes something of its own of a job's frames, beside the artifact: the annotated video, clips.
import type { ResultFrame } from '../contract/frame.ts';
import type { ToWorker } from '../contract/ipc.ts';
import type { Products } from '../contract/products.ts';
import type { Stage } from '../contract/progress.ts';
import type { Log } from '../log.ts';
import type { Disk } from './disk.ts';
import type { DecodingOptions } from './ingest/decoding.ts';
import type { Frame } from './ingest/frames.ts';
import type { ProbedSource } from './ingest/probe.ts';

/** Stages behind the last frame in which a follower finishes; a job has a follower for each of them that its plan has. */
export type FollowedStage = Extract<Stage, 'annotating' | 'clipping'>;

/** What a follower is opened with, when the place is known at which the analysis begins and no frame was decoded yet. */
export interface Scene {
  readonly start: Extract<ToWorker, { type: 'start' }>;
  readonly probed: ProbedSource;
  /** As the frames are decoded for the analysis. */
  readonly decoding: DecodingOptions;
  /** Lines that an earlier worker left in frames.ndjson: take() begins behind them. 0: at the start of the video. */
  readonly continued: number;
  readonly disk: Disk;
  /** To be awaited between two pieces of work: null, or a wait for as long as the daemon holds the job. */
  readonly passage: () => Promise<void> | null;
  readonly log: Log;
}

export type OpenFollower = (scene: Scene) => Promise<Follower>;

/** What any method throws ends the job, as a failure of the artifact does: a Fault keeps its code. */
export interface Follower {
  /** What it wants of the decoding beside what the analysis wants. */
  readonly decoding?: Partial<DecodingOptions>;
  /**
   * Each line when it was written, in order; the next frame is asked for when it settles. `frame` is the line's, its
   * pixels in the model's size are to be read before it settles; null where the tools have gone on to another already.
   */
  readonly take: (frame: Frame | null, line: ResultFrame) => void | Promise<void>;
  /**
   * Behind the last frame, in its stage, when all lines are in frames.ndjson. `report`: the share of the stage that is
   * done, 0..1. Each call of it is news to whoever watches over the worker.
   */
  readonly finish: (report: (share: number) => void) => Promise<Followed>;
  /** Always called, also without finish(), and then what was made of it is worth nothing. Never throws. */
  readonly close: () => void | Promise<void>;
}

export interface Followed {
  readonly products: Partial<Pick<Products, 'annotated_bytes' | 'clips'>>;
  /** Sentences for a person, into the job's warnings. */
  readonly warnings: readonly string[];
}
