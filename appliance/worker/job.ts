// One job from its file to its artifact: probe, decode, run the tool, write.
import { Fault } from '../contract/fault.ts';
import type { DetectionFrame } from '../contract/frame.ts';
import type { FromWorker, ToWorker } from '../contract/ipc.ts';
import { frameShare, overallProgress } from '../contract/progress.ts';
import type { Log } from '../log.ts';
import { Artifact } from './artifact.ts';
import { type Checkpoint, forgetCheckpoints, type Method } from './checkpoint.ts';
import { Disk } from './disk.ts';
import { fingerprint } from './fingerprint.ts';
import type { Hold } from './hold.ts';
import type { Model } from './infer/model.ts';
import { FrameSource } from './ingest/frames.ts';
import type { Platform } from './ingest/pipeline.ts';
import { findPlace } from './ingest/place.ts';
import type { Player } from './ingest/player.ts';
import { probe } from './ingest/probe.ts';
import { MarkFile } from './mark.ts';
import { Pace } from './pace.ts';
import { shortfall } from './shortfall.ts';
import { takeUp } from './take-up.ts';
import { Tally } from './tally.ts';
import type { Tool } from './tools/tool.ts';
import { Trail } from './trail.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<FromWorker, { type: 'done' }>;

export interface JobOptions {
  readonly start: Start;
  readonly tool: Tool;
  readonly model: Model;
  readonly player: Player;
  readonly platform: Platform;
  readonly send: (message: FromWorker) => void;
  readonly hold: Hold;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** 20 reports a second. */
const progressIntervalMs = 50;
const aliveIntervalMs = 1000;

/**
 * Returns the message that ends the job. Throws Fault source-…, tool-failed, artifact-failed or cancelled; what was
 * found before is then readable in frames.ndjson, and the job can be taken up there. Pipelines may still be open: the
 * owner of `player` closes them.
 */
export async function runJob(options: JobOptions): Promise<Done> {
  const job = new JobWork(options);
  const heartbeat = setInterval(() => options.send({ type: 'alive', framesRead: job.framesSeen }), aliveIntervalMs);
  try {
    return await job.run();
  } finally {
    clearInterval(heartbeat);
  }
}

class JobWork {
  readonly #options: JobOptions;
  readonly #method: Method;
  readonly #disk: Disk;
  #frames: FrameSource | null = null;
  /** Frames that were decoded once more on the way to where the job goes on. */
  #passed = 0;

  constructor(options: JobOptions) {
    const { start, model, signal, send } = options;
    this.#options = options;
    const { sha256, provider, threads } = model.card;
    const { tool, confidence, iou } = start;
    this.#method = { tool, confidence, iou, model: sha256, provider, threads };
    this.#disk = new Disk({ signal, onHeld: (reason) => send({ type: 'held', reason, ts: Date.now() }) });
  }

  /** Grows as long as the source brings something. */
  get framesSeen(): number {
    return this.#passed + (this.#frames?.framesRead ?? 0);
  }

  async run(): Promise<Done> {
    const { start, player, platform, signal, log, model, send } = this.#options;
    const { inputPath, artifactDir, stallMs, confidence, iou } = start;
    send({ type: 'stage', stage: 'probing', ts: Date.now() });
    const input = { path: inputPath, player, platform, stallMs, signal };
    const earlier = await takeUp({ inputPath, artifactDir, method: this.#method, log });
    const probed = earlier?.probed ?? (await probe(input));
    send({ type: 'probed', source: probed.info, ts: Date.now() });
    const source = earlier?.source ?? (await fingerprint(inputPath));
    const detector = model.detector({
      source: { ...probed.info, pixelAspect: probed.pixelAspect },
      confidence,
      iou,
    });
    const decoding = { ...input, ...detector.pictureSize };
    const found = earlier && (await this.#find(earlier, decoding));
    if (!found) await forgetCheckpoints(artifactDir);
    const frames = new FrameSource(decoding, found && { decoding: found, place: earlier.place });
    this.#frames = frames;
    const origin = { source, probed, method: this.#method };
    return this.#analyze(origin, found ? earlier : null, frames, (frame) => detector.detect(frame));
  }

  async #find(checkpoint: Checkpoint, decoding: ConstructorParameters<typeof FrameSource>[0]) {
    const { log, start } = this.#options;
    const onPassed = () => (this.#passed += 1);
    const found = await findPlace(checkpoint.place, { ...decoding, mayJump: start.mayJump, onPassed });
    if (!found) log.warn({ frames: checkpoint.place.frames }, 'the video does not decode to the same; starting over');
    return found;
  }

  async #analyze(
    origin: Pick<Checkpoint, 'source' | 'probed' | 'method'>,
    earlier: Checkpoint | null,
    frames: FrameSource,
    detect: Parameters<Tool['run']>[0]['detect'],
  ): Promise<Done> {
    const { start, tool, send, signal, hold } = this.#options;
    const { artifactDir: directory } = start;
    const { info } = origin.probed;
    const disk = this.#disk;
    const kept = { frames: earlier?.place.frames ?? 0, bytes: earlier?.bytes ?? 0 };
    const tally = new Tally(kept.frames, earlier?.classes ?? {});
    const artifact = await Artifact.open({ directory, kept, disk });
    const trail = new Trail({ directory, artifact, disk, origin, number: earlier?.number ?? 0, frames: kept.frames });
    const mark = new MarkFile(directory);
    const progress = new Pace<{ currentFrame: number; totalFrames: number | null }>(
      (report) => send({ type: 'progress', ...report, ts: Date.now() }),
      progressIntervalMs,
    );
    let told = 0;
    let ptsS = 0;
    const note = () => mark.write({ progress: told, frame: tally.frames, total_frames: info.frames, pts_s: ptsS });
    const onProgress = (currentFrame: number, totalFrames: number | null) => {
      told = Math.max(told, overallProgress('analyzing', frameShare(currentFrame, totalFrames)));
      note();
      progress.report({ currentFrame, totalFrames });
    };
    const commit = async () => {
      const place = frames.place();
      if (place?.frames === tally.frames) await trail.commit(place, tally.classes);
    };
    /** Once more before it ends: what was found stays readable, and nothing has to be done again. */
    const save = async () => {
      await artifact.flush();
      await commit();
      await trail.close();
    };
    const add = async (line: DetectionFrame) => {
      tally.add(line.detections.class_name);
      await artifact.append(line);
      ptsS = line.pts_s;
      note();
      if (trail.due(tally.frames)) await commit();
      await hold.passage(signal);
    };
    try {
      send({ type: 'stage', stage: 'analyzing', ts: Date.now() });
      if (kept.frames > 0) onProgress(kept.frames, info.frames);
      const lines = tool.run({ frames, totalFrames: info.frames, detect, onProgress, signal });
      for await (const line of blamingTool(lines, tool)) await add(line);
      progress.close();
      told = overallProgress('packaging', 0);
      note();
      send({ type: 'stage', stage: 'packaging', ts: Date.now() });
      await trail.close();
      const warnings = shortfall(info, {
        frames: frames.framesRead,
        endS: frames.endS,
        brokenBy: frames.brokenBy?.message ?? null,
      });
      const summary = tally.summary(info, frames.endS);
      const written = await artifact.finish(summary);
      return { type: 'done', ...written, summary, warnings };
    } catch (error) {
      await save().catch(() => undefined); // the error says more than this one would
      throw error;
    } finally {
      progress.close();
      mark.close();
      await artifact.close();
    }
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
