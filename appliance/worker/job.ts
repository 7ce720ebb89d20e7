// One job from its file to its artifact: probe, decode, run the tool, write.
import { Fault } from '../contract/fault.ts';
import type { SourceInfo, Summary } from '../contract/frame.ts';
import type { FromWorker, ToWorker } from '../contract/ipc.ts';
import { Artifact } from './artifact.ts';
import type { Model } from './infer/model.ts';
import { FrameSource } from './ingest/frames.ts';
import type { Platform } from './ingest/pipeline.ts';
import type { Player } from './ingest/player.ts';
import { probe } from './ingest/probe.ts';
import { Pace } from './pace.ts';
import { shortfall } from './shortfall.ts';
import type { Tool, ToolWork } from './tools/tool.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<FromWorker, { type: 'done' }>;

export interface JobOptions {
  readonly start: Start;
  readonly tool: Tool;
  readonly model: Model;
  readonly player: Player;
  readonly platform: Platform;
  readonly send: (message: FromWorker) => void;
  readonly signal: AbortSignal;
}

/** 20 reports a second. */
const progressIntervalMs = 50;
const aliveIntervalMs = 1000;

/**
 * Returns the message that ends the job. Throws Fault source-…, tool-failed, artifact-failed or cancelled; what was
 * found before is then readable in frames.ndjson. Pipelines may still be open: the owner of `player` closes them.
 */
export async function runJob(options: JobOptions): Promise<Done> {
  const { start, platform, player, send, signal } = options;
  const input = { path: start.inputPath, player, platform, stallMs: start.stallMs, signal };
  let frames: FrameSource | null = null;
  const heartbeat = setInterval(() => send({ type: 'alive', framesRead: frames?.framesRead ?? 0 }), aliveIntervalMs);
  try {
    send({ type: 'stage', stage: 'probing', ts: Date.now() });
    const { info, pixelAspect } = await probe(input);
    send({ type: 'probed', source: info, ts: Date.now() });
    const detector = options.model.detector({
      source: { ...info, pixelAspect },
      confidence: start.confidence,
      iou: start.iou,
    });
    frames = new FrameSource({ ...input, ...detector.pictureSize });
    return await analyze(options, info, frames, (frame) => detector.detect(frame));
  } finally {
    clearInterval(heartbeat);
  }
}

async function analyze(
  { start, tool, send, signal }: JobOptions,
  source: SourceInfo,
  frames: FrameSource,
  detect: ToolWork['detect'],
): Promise<Done> {
  const progress = new Pace<{ currentFrame: number; totalFrames: number | null }>(
    (report) => send({ type: 'progress', ...report, ts: Date.now() }),
    progressIntervalMs,
  );
  const onProgress = (currentFrame: number, totalFrames: number | null) =>
    progress.report({ currentFrame, totalFrames });
  const artifact = await Artifact.open(start.artifactDir);
  try {
    send({ type: 'stage', stage: 'analyzing', ts: Date.now() });
    const tally = new Tally();
    const lines = tool.run({ frames, totalFrames: source.frames, detect, onProgress, signal });
    for await (const line of blamingTool(lines, tool)) {
      tally.add(line.detections.class_name);
      await artifact.append(line);
    }
    progress.close();
    send({ type: 'stage', stage: 'packaging', ts: Date.now() });
    const warnings = shortfall(source, {
      frames: frames.framesRead,
      endS: frames.endS,
      brokenBy: frames.brokenBy?.message ?? null,
    });
    const summary = tally.summary(source, frames.endS);
    const written = await artifact.finish(summary);
    return { type: 'done', ...written, summary, warnings };
  } finally {
    progress.close();
    await artifact.close();
  }
}

/** What a tool throws, other than a Fault, is its failure and not the worker's. */
async function* blamingTool<T>(lines: AsyncIterable<T>, tool: Tool): AsyncGenerator<T, void, undefined> {
  try {
    yield* lines;
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('tool-failed', `The tool ${tool.id} failed: ${reason}`, { cause });
  }
}

/** Counts lines and detections while they pass. */
class Tally {
  readonly #classes = new Map<string, number>();
  #frames = 0;

  add(classNames: readonly string[]): void {
    this.#frames++;
    for (const name of classNames) this.#classes.set(name, (this.#classes.get(name) ?? 0) + 1);
  }

  summary(source: SourceInfo, endS: number): Summary {
    return {
      total_frames: this.#frames,
      total_detections: [...this.#classes.values()].reduce((sum, count) => sum + count, 0),
      classes: Object.fromEntries(this.#classes),
      fps: source.fps,
      duration_s: source.duration_s || endS,
    };
  }
}
