// One job from its file to its artifact: probe, decode, run the tool, write.
import { z } from 'zod';
import { Fault } from '../contract/fault.ts';
import type { SourceInfo } from '../contract/frame.ts';
import type { FromWorker, ToWorker } from '../contract/ipc.ts';
import type { Log } from '../log.ts';
import { Ahead } from './ahead.ts';
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
import { probeStill, StillSource } from './ingest/still.ts';
import { Notebook } from './notebook.ts';
import { Pace } from './pace.ts';
import { Pictures } from './pictures.ts';
import { Poster } from './poster.ts';
import { shortfall } from './shortfall.ts';
import { takeUp } from './take-up.ts';
import type { Tool, ToolWork } from './tools/tool.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<FromWorker, { type: 'done' }>;

export interface JobOptions {
  readonly start: Start;
  readonly tool: Tool;
  readonly model: Model;
  readonly player: Player;
  readonly platform: Platform;
  /** `sent` is called when the daemon's side has taken it. */
  readonly send: (message: FromWorker, sent?: () => void) => void;
  readonly hold: Hold;
  /** Whether somebody wants to see previews now. */
  readonly looked: () => boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

interface Analysis {
  readonly frames: FrameSource | StillSource;
  readonly ahead: Ahead;
  readonly notebook: Notebook;
  readonly pictures: Pictures;
  readonly detect: ToolWork['detect'];
}

/** As often as a client may hear of a job: what is reported in between would be old when it is told. */
const progressIntervalMs = 105;
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
  #frames: FrameSource | StillSource | null = null;
  /** Frames that were decoded once more on the way to where the job goes on. */
  #passed = 0;

  constructor(options: JobOptions) {
    const { start, model, signal, send } = options;
    this.#options = options;
    const { sha256, provider, threads } = model.card;
    const { tool, detection } = start;
    this.#method = { tool, detection, model: sha256, provider, threads };
    this.#disk = new Disk({ signal, onHeld: (reason) => send({ type: 'held', reason, ts: Date.now() }) });
  }

  /** Grows as long as the source brings something. */
  get framesSeen(): number {
    return this.#passed + (this.#frames?.framesRead ?? 0);
  }

  async run(): Promise<Done> {
    const { start, player, platform, signal, log, model, send, tool } = this.#options;
    const { inputPath, artifactDir, stallMs, detection } = start;
    send({ type: 'stage', stage: 'probing', ts: Date.now() });
    const { memory = z.null() } = tool;
    const isStill = tool.input === 'image_bytes';
    const input = { path: inputPath, player, platform, stallMs, signal };
    const earlier = await takeUp({ inputPath, artifactDir, method: this.#method, memory, log });
    const probed = earlier?.probed ?? (await (isStill ? probeStill(inputPath) : probe(input)));
    send({ type: 'probed', source: probed.info, ts: Date.now() });
    const source =
      earlier?.source ??
      (await fingerprint(inputPath).catch((cause: unknown) => {
        throw new Fault('source-undecodable', 'The video cannot be read to its end.', { cause });
      }));
    const detector = await model.detector({
      source: { ...probed.info, pixelAspect: probed.pixelAspect },
      ...detection,
    });
    const decoding = { ...input, ...detector.pictureSize };
    const found = earlier && (await this.#find(earlier, decoding));
    if (!found) await this.#disk.write(() => forgetCheckpoints(artifactDir));
    const continued = found && { decoding: found, place: earlier.place };
    const frames = isStill ? new StillSource(decoding) : new FrameSource(decoding, continued);
    const ahead = new Ahead({ frames, infer: (frame) => detector.infer(frame), signal });
    this.#frames = frames;
    const notebook = await Notebook.open({
      directory: artifactDir,
      disk: this.#disk,
      origin: { source, probed, method: this.#method },
      earlier: found ? earlier : null,
      place: () => ahead.current?.place() ?? null,
    });
    const pictures = new Pictures({
      ...{ player, platform, send, log },
      frame: detector.pictureSize,
      source: { ...probed.info, pixelAspect: probed.pixelAspect },
      // What is over with its first frame is nothing to look at.
      looked: isStill ? () => false : this.#options.looked,
      poster: await Poster.open({ directory: artifactDir, continued: found !== null, log }),
    });
    const detect: ToolWork['detect'] = async (frame, lower) => {
      return detector.read(await ahead.outputs(frame), lower?.confidence);
    };
    return this.#analyze(probed.info, { frames, ahead, notebook, pictures, detect });
  }

  async #find(checkpoint: Checkpoint, decoding: ConstructorParameters<typeof FrameSource>[0]) {
    const { log, start } = this.#options;
    const onPassed = () => (this.#passed += 1);
    const { container } = checkpoint.probed.info;
    const found = await findPlace(checkpoint.place, { ...decoding, container, mayJump: start.mayJump, onPassed });
    if (!found) log.warn({ frames: checkpoint.place.frames }, 'the video does not decode to the same; starting over');
    return found;
  }

  async #analyze(source: SourceInfo, { frames, ahead, notebook, pictures, detect }: Analysis): Promise<Done> {
    const { tool, send, signal, hold, start } = this.#options;
    const progress = new Pace<Extract<FromWorker, { type: 'progress' }>>(send, progressIntervalMs);
    const onProgress = (currentFrame: number, totalFrames: number | null) => {
      notebook.reached('analyzing', currentFrame, totalFrames);
      progress.report({ type: 'progress', currentFrame, totalFrames, ts: Date.now() });
    };
    try {
      notebook.reached('analyzing', notebook.frames, source.frames); // marked before it is told
      send({ type: 'stage', stage: 'analyzing', ts: Date.now() });
      if (notebook.frames > 0) onProgress(notebook.frames, source.frames);
      const lines = tool.run({
        ...{ frames: ahead, totalFrames: source.frames, detect, onProgress, signal },
        confidence: start.detection.confidence,
        memory: notebook.memory,
        remember: (recollection) => notebook.remember(recollection),
      });
      for await (const line of blamingTool(lines, tool)) {
        await notebook.add(line);
        pictures.take(ahead.current, line, notebook);
        await hold.passage(signal);
      }
      progress.close();
      notebook.reached('packaging', 0, null);
      send({ type: 'stage', stage: 'packaging', ts: Date.now() });
      const { endS, framesRead, brokenBy } = frames;
      const poster = await pictures.close();
      const written = await notebook.finish(endS);
      const warnings = shortfall(source, { frames: framesRead, endS, brokenBy: brokenBy?.message ?? null });
      return { type: 'done', ...written, warnings, poster };
    } catch (error) {
      await notebook.save().catch(() => undefined); // the error says more than this one would
      await pictures.close();
      throw error;
    } finally {
      progress.close();
      await notebook.close();
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
