// One job from its file to its artifact: probe, find where it begins, open what it takes, analyse.
import { Fault } from '../contract/fault.ts';
import type { FromWorker, ToWorker } from '../contract/ipc.ts';
import type { Log } from '../log.ts';
import { Ahead } from './ahead.ts';
import { analyze } from './analysis.ts';
import { type Checkpoint, forgetCheckpoints, type Method } from './checkpoint.ts';
import { Disk } from './disk.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import type { Scene } from './follower.ts';
import { Followers } from './followers.ts';
import type { Hold } from './hold.ts';
import type { Detector } from './infer/detector.ts';
import type { Model } from './infer/model.ts';
import type { Decoding, DecodingOptions } from './ingest/decoding.ts';
import { FrameSource } from './ingest/frames.ts';
import type { Platform } from './ingest/pipeline.ts';
import { findPlace } from './ingest/place.ts';
import type { Player } from './ingest/player.ts';
import { probe, type ProbedSource } from './ingest/probe.ts';
import { probeStill, StillSource } from './ingest/still.ts';
import { Notebook } from './notebook.ts';
import { Pictures } from './pictures.ts';
import { Poster } from './poster.ts';
import { takeUp } from './take-up.ts';
import type { Tool, ToolWork } from './tools/tool.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Done = Extract<FromWorker, { type: 'done' }>;

export interface JobOptions {
  readonly start: Start;
  readonly tools: readonly [Tool, ...Tool[]];
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

/** Where a job begins, and with what. */
interface Beginning {
  readonly probed: ProbedSource;
  readonly fingerprint: Fingerprint;
  readonly detector: Detector;
  readonly decoding: DecodingOptions;
  /** Both null: at the start of the source. */
  readonly found: Decoding | null;
  readonly earlier: Checkpoint | null;
}

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
    const { pluginId, tools, detection } = start;
    const revisions = revisionsOf(options.tools);
    this.#method = { pluginId, tools, revisions, detection, model: sha256, provider, threads };
    this.#disk = new Disk({ signal, onHeld: (reason) => send({ type: 'held', reason, ts: Date.now() }) });
  }

  /** Grows as long as the source brings something. */
  get framesSeen(): number {
    return this.#passed + (this.#frames?.framesRead ?? 0);
  }

  async run(): Promise<Done> {
    const { start, tools, player, platform, signal, log, model, send } = this.#options;
    const { inputPath, artifactDir, stallMs, detection } = start;
    send({ type: 'stage', stage: 'probing', ts: Date.now() });
    const input = { path: inputPath, player, platform, stallMs, signal };
    const earlier = await takeUp({ inputPath, artifactDir, method: this.#method, tools, log });
    const probed = earlier?.probed ?? (await (this.#isStill ? probeStill(inputPath) : probe(input)));
    send({ type: 'probed', source: probed.info, ts: Date.now() });
    const fingerprint = earlier?.source ?? (await fingerprintOf(inputPath));
    const detector = await model.detector({
      source: { ...probed.info, pixelAspect: probed.pixelAspect },
      ...detection,
    });
    const decoding = { ...input, ...detector.pictureSize };
    const found = earlier && (await this.#find(earlier, decoding));
    if (!found) await this.#disk.write(() => forgetCheckpoints(artifactDir));
    return this.#analyze({ probed, fingerprint, detector, decoding, found, earlier: found ? earlier : null });
  }

  get #isStill(): boolean {
    return this.#options.tools[0].input === 'image_bytes';
  }

  async #find(checkpoint: Checkpoint, decoding: DecodingOptions) {
    const { log, start } = this.#options;
    const onPassed = () => (this.#passed += 1);
    const { container } = checkpoint.probed.info;
    const found = await findPlace(checkpoint.place, { ...decoding, container, mayJump: start.mayJump, onPassed });
    if (!found) log.warn({ frames: checkpoint.place.frames }, 'the video does not decode to the same; starting over');
    return found;
  }

  async #analyze({ probed, fingerprint, detector, decoding, found, earlier }: Beginning): Promise<Done> {
    const { start, tools, player, platform, send, hold, signal, log } = this.#options;
    const { artifactDir: directory, detection, stages } = start;
    const followers = await this.#followers({ probed, decoding, continued: earlier?.place.frames ?? 0 });
    try {
      const watched = { ...decoding, ...followers.decoding };
      const continuation = found && earlier && { decoding: found, place: earlier.place };
      const frames = this.#isStill ? new StillSource(watched) : new FrameSource(watched, continuation);
      this.#frames = frames;
      const ahead = new Ahead({ frames, infer: (frame) => detector.infer(frame), signal });
      const notebook = await Notebook.open({
        ...{ directory, disk: this.#disk, stages, earlier },
        origin: { source: fingerprint, probed, method: this.#method },
        place: () => ahead.current?.place() ?? null,
      });
      const pictures = new Pictures({
        ...{ player, platform, send, log },
        frame: detector.pictureSize,
        source: { ...probed.info, pixelAspect: probed.pixelAspect },
        // What is over with its first frame is nothing to look at.
        looked: this.#isStill ? () => false : this.#options.looked,
        poster: await Poster.open({ directory, continued: earlier !== null, log }),
      });
      const detect: ToolWork['detect'] = async (frame, lower) => {
        return detector.read(await ahead.outputs(frame), lower?.confidence);
      };
      const parts = { tools, source: probed.info, frames, ahead, detect, notebook, pictures, followers };
      return await analyze({ ...parts, confidence: detection.confidence, send, hold, signal });
    } finally {
      await followers.close();
    }
  }

  async #followers(scene: Pick<Scene, 'probed' | 'decoding' | 'continued'>): Promise<Followers> {
    if (this.#isStill) return Followers.nobody;
    const { start, hold, signal, log } = this.#options;
    return Followers.open({ ...scene, start, disk: this.#disk, passage: () => hold.passage(signal), log });
  }
}

function revisionsOf(tools: readonly Tool[]): Method['revisions'] {
  const known = tools.flatMap(({ id, revision }) => (revision === undefined ? [] : [[id, revision] as const]));
  return Object.fromEntries(known);
}

async function fingerprintOf(path: string): Promise<Fingerprint> {
  try {
    return await fingerprint(path);
  } catch (cause) {
    throw new Fault('source-undecodable', 'The video cannot be read to its end.', { cause });
  }
}
