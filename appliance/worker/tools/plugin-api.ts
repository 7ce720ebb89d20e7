// What a plugin from outside is made of. This file needs no other: copy it beside your plugin for its types.

/** `[x1, y1, x2, y2]` in pixels of the source frame, turned as shown, x1 < x2, y1 < y2. */
export type Box = [x1: number, y1: number, x2: number, y2: number];

/** Parallel lists, one entry a detection, highest confidence first. */
export interface Detections {
  xyxy: Box[];
  /** 0..1 */
  confidence: number[];
  class_id: number[];
  class_name: string[];
}

/** One thing that is followed: it keeps its `track_id`, ≥ 1. `center`: of the box. */
export interface TrackedObject {
  track_id: number;
  class_id: number;
  class: string;
  confidence: number;
  xyxy: Box;
  center: [x: number, y: number];
}

/** What a tool says of one frame. `frame_index` and `pts_s` are the frame's `index` and `ptsS`. */
export interface Line {
  frame_index: number;
  pts_s: number;
  detections: Detections | { tracked_objects: TrackedObject[] };
}

/** One decoded frame, as small as the model sees it. */
export interface Frame {
  /** 0-based. */
  readonly index: number;
  /** Seconds from the start of the video. */
  readonly ptsS: number;
  /** Of `pixels`; boxes are told in pixels of the source all the same. */
  readonly width: number;
  readonly height: number;
  /** Bytes from one row to the next; rows are padded to a multiple of 4. */
  readonly stride: number;
  /** Planes R, G, B behind each other, each `stride × height` bytes. To be read before the next frame is asked for. */
  readonly pixels: Uint8Array;
}

/** What a tool that looks back tells of itself, whenever it is asked between two of its lines. */
export interface Recollection {
  /** All that it needs to go on behind its last line: JSON of at most 1 MB. */
  readonly memory: () => unknown;
  /** Tracks so far by class name, for the summary; empty for a tool that counts none. */
  readonly tracks: () => Readonly<Record<string, number>>;
}

export interface ToolWork {
  /** To be iterated once; each frame gets its line before the next one is asked for. */
  readonly frames: AsyncIterable<Frame>;
  /** Null where the source does not say. */
  readonly totalFrames: number | null;
  /** What the model sees in the frame that is in hand. Scores below the job's threshold come only to who asks for them. */
  readonly detect: (frame: Frame, options?: { readonly confidence: number }) => Promise<Detections>;
  /** The job's threshold, 0..1. */
  readonly confidence: number;
  /** What the tool remembered of the frames before the first of `frames`; null at the start of the video. */
  readonly memory: unknown;
  /** Called by a tool that looks back, before its first line. */
  readonly remember: (recollection: Recollection) => void;
  /** Optional to call, with frames done. */
  readonly onProgress: (currentFrame: number, totalFrames: number | null) => void;
  /** Aborted when the job is cancelled. `frames` ends by itself then; only other waits need it. */
  readonly signal: AbortSignal;
}

export interface Tool {
  /** True for a tool whose lines depend on earlier frames: it calls `remember`, and gets its memory back. */
  readonly looksBack?: boolean;
  /** Yields one line for every frame, in their order. What it throws fails the job, and nothing else. */
  readonly run: (work: ToolWork) => AsyncIterable<Line>;
}

/** What a tool says of itself. Ids begin with a letter and have letters, digits, dots, dashes and underscores. */
export interface ToolManifest<Id extends string = string> {
  readonly id: Id;
  readonly title?: string;
  readonly description?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Exactly one. */
  readonly input_types: readonly ['video'] | readonly ['image_bytes'];
  /** Such as `video_detections`. */
  readonly output_types: readonly string[];
  /** What it can be asked for by, beside its id, such as `line_crossing`. */
  readonly capabilities: readonly string[];
}

export interface Manifest<Id extends string = string> {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly type?: 'outside';
  readonly author?: string;
  readonly license?: string;
  readonly capabilities?: readonly string[];
  readonly tools: readonly ToolManifest<Id>[];
}

/** What the entry module exports as `plugin`, or as its default. */
export interface Plugin<Id extends string = string> {
  readonly manifest: Manifest<Id>;
  /** One for each of the manifest, by its id. */
  readonly tools: Readonly<Record<Id, Tool>>;
}

/** Gives back what it gets: it is there for the types. */
export function definePlugin<const Id extends string>(plugin: Plugin<Id>): Plugin<Id> {
  return plugin;
}
