// The messages between the daemon and one worker process. Each side parses what it receives.
import { z } from 'zod';
import { DetectionSettings } from './detection.ts';
import { ModelCard, Provider, Refusal, SourceInfo, Summary, ToolOutput } from './frame.ts';
import { faultCodes } from './fault.ts';
import { Sight } from './preview.ts';
import { ClipRule, StageWeight } from './plan.ts';
import { PluginPlace } from './outside-plugins.ts';
import { Products } from './products.ts';
import { RuntimeInfo, RuntimeSettings } from './runtime.ts';

/**
 * `prepare` makes a spare; `start` gives it its one job, which it continues where an earlier worker left off; `pause`
 * and `continue` hold it between two frames; `cancel` asks it to stop there, with everything saved.
 */
export const ToWorker = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('prepare'),
    model: z.object({ name: z.string(), path: z.string() }),
    /** Tried in this order. */
    providers: z.array(Provider).min(1),
    /** Of one inference, ≥ 1; null: the worker chooses by the size of the model. */
    threads: z.number().int().min(1).nullable(),
    /** Left out: the bundled ONNX Runtime, without options or engines. */
    runtime: RuntimeSettings.optional(),
  }),
  z.object({
    type: z.literal('start'),
    jobId: z.string(),
    /** The input file; read only. */
    inputPath: z.string(),
    /** An existing folder that takes the artifact, and may hold what an earlier worker left of it. */
    artifactDir: z.string(),
    pluginId: z.string(),
    /** Where the plugin lies; left out for the one that comes with Vedette. */
    plugin: PluginPlace.optional(),
    /** All of them look at one decode of the input. */
    tools: z.tuple([z.string()], z.string()),
    /** By which the worker counts its progress, as the daemon does. */
    stages: z.array(StageWeight).min(1),
    /** Of the stage `clipping`. */
    clips: z.array(ClipRule),
    detection: DetectionSettings,
    /** A pipeline that brings no frame for so long is ended. */
    stallMs: z.number().int().positive(),
    /** Whether work that is taken up may begin with a seek; else all before it is decoded again. */
    mayJump: z.boolean(),
  }),
  /** While `on` it sends a preview a few times a second. May come before `start`, and changes nothing of the work. */
  z.object({ type: z.literal('look'), on: z.boolean() }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('continue') }),
  /** To a spare in place of `start`: from now on it looks at one picture after the other. One at a time. */
  z.object({
    type: z.literal('picture'),
    /** Comes back with what is seen. */
    id: z.number().int(),
    /** Whose pictures follow each other, for tools that look back. Null: a picture of its own. */
    stream: z.string().nullable(),
    pluginId: z.string(),
    /** As of a job. */
    plugin: PluginPlace.optional(),
    tools: z.tuple([z.string()], z.string()),
    detection: DetectionSettings,
    /** Seconds since the stream began. */
    ptsS: z.number().nonnegative(),
    /** PNG or JPEG. `text`: as it stood in a JSON string, in base64, with or without the head of a data URL. */
    picture: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes'),
    form: z.enum(['bytes', 'text']),
  }),
  /** The stream is over. */
  z.object({ type: z.literal('forget'), stream: z.string() }),
  z.object({ type: z.literal('cancel') }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

/** `ts`: ms since 1970. */
export const FromWorker = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    model: ModelCard,
    /** Providers of the ladder that were tried before the one in use, each with its reason. */
    refused: z.array(Refusal),
    /** Left out by a worker that loads none. */
    runtime: RuntimeInfo.optional(),
  }),
  z.object({
    type: z.literal('stage'),
    stage: z.enum(['probing', 'analyzing', 'annotating', 'clipping', 'packaging']),
    ts: z.number(),
  }),
  z.object({ type: z.literal('probed'), source: SourceInfo, ts: z.number() }),
  /** What the tool told onProgress. Thinned by the worker to at most 20 a second; the last one always comes. */
  z.object({
    type: z.literal('progress'),
    currentFrame: z.number().int().nonnegative(),
    totalFrames: z.number().int().nonnegative().nullable(),
    ts: z.number(),
  }),
  /** How much of a stage without frames is done, 0..1. */
  z.object({ type: z.literal('share'), stage: z.enum(['annotating', 'clipping']), share: z.number(), ts: z.number() }),
  /** The disk does not take the artifact: the worker waits and tries again. Null: it goes on. */
  z.object({ type: z.literal('held'), reason: z.string().nullable(), ts: z.number() }),
  /** At most five a second, and never two that wait. `picture`: a JPEG, base64. */
  z.object({ type: z.literal('preview'), sight: Sight, picture: z.base64().max(512 * 1024) }),
  /** Once a second from the worker's event loop. `framesRead` moves while a tool that reports no progress works. */
  z.object({ type: z.literal('alive'), framesRead: z.number().int().nonnegative() }),
  /** The artifact is whole on disk: `frames` lines and `bytes` bytes in frames.ndjson. */
  z.object({
    type: z.literal('done'),
    frames: z.number().int().nonnegative(),
    bytes: z.number().int().nonnegative(),
    summary: Summary,
    warnings: z.array(z.string()),
    /** Left out by a job that makes none. */
    products: Products.optional(),
    /** A picture lies beside them. */
    poster: z.boolean().optional(),
  }),
  /** What the tools say of the picture `id`, in its pixels as shown; or why they say nothing. */
  z.object({
    type: z.literal('seen'),
    id: z.number().int(),
    seen: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('picture'),
        width: z.number().int().positive(),
        height: z.number().int().positive(),
        /** By tool. */
        outputs: z.record(z.string(), ToolOutput),
      }),
      z.object({ kind: z.literal('fault'), code: z.enum(faultCodes), message: z.string() }),
    ]),
    /** It has used up what GStreamer never gives back: another worker is to follow. */
    worn: z.boolean(),
  }),
  /** `cancelled` comes with code 'cancelled'; what was found so far stays readable. */
  z.object({ type: z.literal('failed'), code: z.enum(faultCodes), message: z.string() }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
