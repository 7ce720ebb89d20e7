// Prints, as JSON, what one model is, how fast it runs here and what it sees in a picture: `vedette model check` asks.
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault } from '../contract/fault.ts';
import { objectsIn } from '../contract/found.ts';
import type { Detections } from '../contract/frame.ts';
import { type ModelAnswer, ModelQuestion } from '../contract/model-check.ts';
import { drawBoxes } from './draw-boxes.ts';
import { encodePng } from './encode-png.ts';
import { Model } from './infer/model.ts';
import { loadRuntime } from './infer/runtime.ts';
import { type Frame, FrameSource } from './ingest/frames.ts';
import { loadGStreamer, requireElements } from './ingest/gstreamer.ts';
import { platforms } from './ingest/pipeline.ts';
import { Player } from './ingest/player.ts';
import { probe, type ProbedSource } from './ingest/probe.ts';
import { probeStill, StillSource } from './ingest/still.ts';
import { RgbSurface } from './rgb-surface.ts';

const settings = { confidence: 0.25, iou: 0.7, classes: null, aliases: {} };
const platform = platforms.software;
const stallMs = 20_000;
const warmUps = 2;
const runs = 9;

process.stdout.write(`${JSON.stringify(await answer(ModelQuestion.parse(JSON.parse(process.argv[2] ?? ''))))}\n`, () =>
  // A provider's threads, or a session's, would keep the process.
  process.exit(0),
);

async function answer(question: ModelQuestion): Promise<ModelAnswer> {
  try {
    return await check(question);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { fault: { code: error.code, message: error.message } };
  }
}

async function check({ model: path, providers, runtime: wish, video, picture }: ModelQuestion): Promise<ModelAnswer> {
  const name = basename(path, '.onnx');
  const runtime = loadRuntime(wish.binding);
  const model = await Model.load({ name, path, providers, threads: null, runtime, tensorrt: wish });
  const source = picture
    ? await probeStill(picture.from)
    : await withPlayer((tools) => probe({ path: video, ...tools }));
  const detector = await model.detector({ source: { ...source.info, pixelAspect: source.pixelAspect }, ...settings });
  const frame = await firstFrame(picture?.from ?? video, picture !== null, detector.pictureSize);
  const { detections, ms } = await timed(() => detector.detect(frame));
  if (picture) await savePicture(picture, source, detections);
  const { width, height } = source.info;
  return {
    card: model.card,
    refused: [...model.refused],
    speed: { ms, runs, width, height },
    detections: picture ? detections : null,
  };
}

async function timed(detect: () => Promise<Detections>): Promise<{ detections: Detections; ms: number }> {
  let detections = await detect();
  for (let run = 1; run < warmUps; run++) detections = await detect();
  const took: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begun = performance.now();
    detections = await detect();
    took.push(performance.now() - begun);
  }
  took.sort((a, b) => a - b);
  return { detections, ms: took[Math.floor(runs / 2)] ?? 0 };
}

/** A copy that outlives its pipeline. */
async function firstFrame(path: string, isStill: boolean, size: { width: number; height: number }): Promise<Frame> {
  return withPlayer(async (tools) => {
    const options = { path, width: size.width, height: size.height, ...tools };
    for await (const frame of isStill ? new StillSource(options) : new FrameSource(options)) {
      return { ...frame, pixels: frame.pixels.slice() };
    }
    throw new Fault('source-without-frames', 'The source holds no frame.');
  });
}

async function savePicture(
  { from, to }: { from: string; to: string },
  { info: { width, height } }: ProbedSource,
  detections: Detections,
): Promise<void> {
  const frame = await firstFrame(from, true, { width, height });
  drawBoxes(new RgbSurface(frame), objectsIn({ frame_index: 0, pts_s: 0, detections }));
  await writeFile(to, await encodePng(frame)).catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new Fault('artifact-failed', `The picture cannot be written to ${to}: ${reason}`, { cause });
  });
}

interface Tools {
  readonly player: Player;
  readonly platform: typeof platform;
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

async function withPlayer<T>(work: (tools: Tools) => Promise<T>): Promise<T> {
  const gstreamer = loadGStreamer();
  requireElements(gstreamer, platform.elements);
  const player = new Player(gstreamer);
  try {
    return await work({ player, platform, stallMs, signal: new AbortController().signal });
  } finally {
    player.close();
  }
}
