// What a worker finds and leaves behind: detections, artifact lines, the summary, and the names of the files.
import { z } from 'zod';

/** `[x1, y1, x2, y2]` in stored pixels of the source frame, turned as shown, x1 < x2, y1 < y2. */
export const Box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
export type Box = z.infer<typeof Box>;

/** Parallel lists, one entry a detection, highest confidence first. */
export const Detections = z.object({
  xyxy: z.array(Box),
  confidence: z.array(z.number().min(0).max(1)),
  class_id: z.array(z.number().int().nonnegative()),
  class_name: z.array(z.string()),
});
export type Detections = z.infer<typeof Detections>;

/** One line of frames.ndjson, and one entry of `frames` in every answer. `pts_s`: seconds from the start of the video. */
export const DetectionFrame = z.object({
  frame_index: z.number().int().nonnegative(),
  pts_s: z.number().nonnegative(),
  detections: Detections,
});
export type DetectionFrame = z.infer<typeof DetectionFrame>;

/**
 * One thing that is followed: the same `track_id`, ≥ 1, for as long as it is. Its class is the one that the model was
 * surest of over all frames so far; the box and the confidence are this frame's, and the latter may lie below the job's
 * threshold, which is that of new tracks. `center`: of the box.
 */
export const TrackedObject = z.object({
  track_id: z.number().int().positive(),
  class_id: z.number().int().nonnegative(),
  class: z.string(),
  confidence: z.number().min(0).max(1),
  xyxy: Box,
  center: z.tuple([z.number(), z.number()]),
});
export type TrackedObject = z.infer<typeof TrackedObject>;

/** The same line of a job that tracks; objects in the order of their track ids. */
export const TrackedFrame = z.object({
  frame_index: z.number().int().nonnegative(),
  pts_s: z.number().nonnegative(),
  detections: z.object({ tracked_objects: z.array(TrackedObject) }),
});
export type TrackedFrame = z.infer<typeof TrackedFrame>;

/** What one of several tools says of a frame: what stands in its own line beside the frame's number and time. */
export const ToolOutput = z.union([
  DetectionFrame.omit({ frame_index: true, pts_s: true }),
  TrackedFrame.omit({ frame_index: true, pts_s: true }),
]);
export type ToolOutput = z.infer<typeof ToolOutput>;

/** The line of a job with several tools: what each says stands under its id. */
const MultiFrame = z
  .object({ frame_index: z.number().int().nonnegative(), pts_s: z.number().nonnegative() })
  .catchall(ToolOutput);
export interface MultiFrame {
  frame_index: number;
  pts_s: number;
  /** No tool has this name: by it a line of one tool is told from that of several. */
  detections?: undefined;
  [tool: string]: ToolOutput | number | undefined;
}

/** A line of one tool. */
export const ToolFrame = z.union([DetectionFrame, TrackedFrame]);
export type ToolFrame = z.infer<typeof ToolFrame>;

/** A line of whichever job. */
export const ResultFrame: z.ZodType<DetectionFrame | TrackedFrame | MultiFrame> = z.union([
  DetectionFrame,
  TrackedFrame,
  MultiFrame,
]);
export type ResultFrame = z.infer<typeof ResultFrame>;

/** Of one of several tools. */
const ToolSummary = z.object({
  total_detections: z.number().int().nonnegative(),
  classes: z.record(z.string(), z.number().int().nonnegative()),
  tracks: z.record(z.string(), z.number().int().nonnegative()).optional(),
});

export const Summary = z.object({
  total_frames: z.number().int().nonnegative(),
  total_detections: z.number().int().nonnegative(),
  /** Detections by class name. */
  classes: z.record(z.string(), z.number().int().nonnegative()),
  /** Frame rate of the source. */
  fps: z.number().nonnegative(),
  duration_s: z.number().nonnegative(),
  /** Of a job that tracks: tracks by class name. */
  tracks: z.record(z.string(), z.number().int().nonnegative()).optional(),
  /** Of a job with several tools, what each of them found; the counts above are the sums of theirs. */
  tools: z.record(z.string(), ToolSummary).optional(),
});
export type Summary = z.infer<typeof Summary>;

/** What the probe saw. Sizes count stored pixels, turned as shown; an anamorphic picture is not stretched. */
export const SourceInfo = z.object({
  container: z.string(),
  codec: z.string(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** Degrees clockwise that the picture is turned for showing. */
  rotation: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  /** Average frame rate; 0 where the container does not say. */
  fps: z.number().nonnegative(),
  duration_s: z.number().nonnegative(),
  /** Exact count of packets of the video stream, or null where it cannot be had. */
  frames: z.number().int().nonnegative().nullable(),
});
export type SourceInfo = z.infer<typeof SourceInfo>;

const providers = ['tensorrt', 'cuda', 'webgpu', 'cpu'] as const;
export const Provider = z.enum(providers);
export type Provider = z.infer<typeof Provider>;

/** Why a provider of the ladder does not run here, and what would change that. */
export const Refusal = z.object({ provider: Provider, reason: z.string(), remedy: z.string() });
export type Refusal = z.infer<typeof Refusal>;

/** The model that really ran, and where. `sha256` is that of the weights file, in hex. */
export const ModelUse = z.object({ name: z.string(), sha256: z.string(), provider: Provider });
export type ModelUse = z.infer<typeof ModelUse>;

/** What a worker says of the model it has loaded and warmed up. */
export const ModelCard = ModelUse.extend({
  /** Its input as the file declares it, such as `images float32 [1, 3, 640, 640]`. */
  input: z.string(),
  /** Its outputs, and how they are understood. */
  layout: z.string(),
  /** Class names by class id. */
  classes: z.array(z.string()),
  inputWidth: z.number().int().positive(),
  inputHeight: z.number().int().positive(),
  stride: z.number().int().positive(),
  /** Of one inference on the CPU. */
  threads: z.number().int().positive(),
  task: z.string(),
});
export type ModelCard = z.infer<typeof ModelCard>;

/**
 * How far a worker has come, written before it is told: what the daemon told is never ahead of it, however both end.
 * `progress` as the daemon counts it, 0..99; `frame`: frames done; `pts_s`: time of the last of them.
 */
export const Mark = z.object({
  progress: z.number().int().min(0).max(99),
  frame: z.number().int().nonnegative(),
  /** The most that any worker of the job had done: `frame` begins at a checkpoint again. */
  most_frames: z.number().int().nonnegative(),
  total_frames: z.number().int().nonnegative().nullable(),
  pts_s: z.number().nonnegative(),
});
export type Mark = z.infer<typeof Mark>;

/** File names inside a job's folder. */
export const jobFiles = {
  input: 'input',
  frames: 'frames.ndjson',
  summary: 'summary.json',
  /** A JPEG of the frame with the most in it; empty where none was made. */
  poster: 'poster.jpg',
  /** Where the work can be taken up again; written by turns, so that one of them is always whole. */
  checkpointA: 'checkpoint.a.json',
  checkpointB: 'checkpoint.b.json',
  mark: 'mark.json',
  /** An input that is still being downloaded, and what is known of its source. */
  part: 'input.part',
  download: 'download.json',
  /** What was made for delivery, and what its targets have got. */
  delivery: 'delivery.json',
} as const;

/**
 * What a worker writes. Always in place, never by a rename: it may see its job's folder through links alone. An empty
 * file is one that was not written yet.
 */
export const artifactFiles = [
  jobFiles.frames,
  jobFiles.summary,
  jobFiles.poster,
  jobFiles.checkpointA,
  jobFiles.checkpointB,
  jobFiles.mark,
] as const;
