// Looks at one picture after the other, for as long as its worker lives: what live streams and single questions need.
import type { DetectionSettings } from '../contract/detection.ts';
import { Fault } from '../contract/fault.ts';
import type { ToolOutput } from '../contract/frame.ts';
import type { FromWorker, ToWorker } from '../contract/ipc.ts';
import type { Detector } from './infer/detector.ts';
import type { Model } from './infer/model.ts';
import { turns } from './ingest/exif.ts';
import { FedStills, type FedFrame, type FedStillsOptions } from './ingest/fed-stills.ts';
import { refuseHuge } from './ingest/header.ts';
import type { Size } from './ingest/pipeline.ts';
import { readPictureHeader, type StillHeader } from './ingest/still-header.ts';
import { Release } from './release.ts';
import { type Detect, Sequence } from './sequence.ts';
import type { Wanted } from './tools/registry.ts';
import type { Tool } from './tools/tool.ts';

type Picture = Extract<ToWorker, { type: 'picture' }>;
type Seen = Extract<FromWorker, { type: 'seen' }>;

export interface LookerOptions extends FedStillsOptions {
  readonly model: Model;
  /** Throws Fault tool-not-found, or plugin-broken. */
  readonly toolsFor: (wanted: Wanted) => Promise<readonly Tool[]>;
}

/** What one stream has of its tools, by tool. */
interface Stream {
  readonly sequences: Map<string, Sequence>;
  /** Settings of another kind begin anew. */
  readonly confidence: number;
  frames: number;
}

/** Each pipeline costs the process about 2 MB and four descriptors, for good. */
const mostPipelines = 40;
/** Of a tool from outside, for one picture. */
const toolPatienceMs = 10_000;

export class Looker {
  readonly #options: LookerOptions;
  readonly #stills: FedStills;
  readonly #release = new Release();
  readonly #streams = new Map<string, Stream>();
  #detector: { readonly key: string; readonly detector: Detector } | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LookerOptions) {
    this.#options = options;
    this.#stills = new FedStills(options);
  }

  /** Pictures take turns. Rejects only for a bug. */
  look(picture: Picture): Promise<Seen> {
    const turn = this.#turn.then(() => this.#look(picture));
    this.#turn = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  }

  /** Behind the pictures that it was asked to look at before. */
  forget(stream: string): void {
    this.#turn = this.#turn.then(() => this.#forget(stream));
  }

  #forget(stream: string): void {
    for (const sequence of this.#streams.get(stream)?.sequences.values() ?? []) sequence.end();
    this.#streams.delete(stream);
  }

  async #look(picture: Picture): Promise<Seen> {
    const { id } = picture;
    const answer = (seen: Seen['seen']): Seen => {
      return { type: 'seen', id, seen, worn: this.#stills.made >= mostPipelines };
    };
    try {
      const bytes = bytesOf(picture);
      const header = await readPictureHeader(bytes);
      refuseHuge(header, 'picture');
      const size = shownSize(header);
      const detector = await this.#detectorFor(size, picture.detection);
      const frame = await this.#stills.decode(bytes, header, detector.pictureSize);
      return answer({ kind: 'picture', ...size, outputs: await this.#seen(picture, frame, detector) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return answer({ kind: 'fault', code: error.code, message: error.message });
    }
  }

  /** Of each tool; the network looks once. */
  async #seen(picture: Picture, fed: FedFrame, detector: Detector): Promise<Record<string, ToolOutput>> {
    const { stream: name, tools, ptsS } = picture;
    const stream = this.#streamOf(picture);
    const frame = { ...fed, index: stream.frames++, ptsS, durationS: null, place: () => null };
    let looking: ReturnType<Detector['infer']> | undefined;
    const detect: Detect = async (of, lower) => {
      looking ??= detector.infer(of);
      return detector.read(await looking, lower?.confidence);
    };
    try {
      const outputs: Record<string, ToolOutput> = {};
      for (const tool of tools) {
        const sequence = await this.#sequence(stream, picture, tool);
        outputs[tool] = await sequence.take(frame, detect);
      }
      return outputs;
    } catch (error) {
      // A tool that failed has nothing to go on from.
      if (name !== null) this.forget(name);
      throw error;
    } finally {
      this.#release.free(fed.pixels.buffer);
      // One that failed was thrown where it was awaited, and holds nothing.
      const outputs = await looking?.catch(() => null);
      for (const { data } of Object.values(outputs ?? {}))
        if (data instanceof Float32Array) this.#release.free(data.buffer);
    }
  }

  #streamOf({ stream: name, detection: { confidence } }: Picture): Stream {
    const known = name === null ? undefined : this.#streams.get(name);
    if (known?.confidence === confidence) return known;
    const stream: Stream = { sequences: new Map(), confidence, frames: 0 };
    if (name === null) return stream;
    this.forget(name);
    this.#streams.set(name, stream);
    return stream;
  }

  async #sequence({ sequences, confidence }: Stream, { pluginId, plugin }: Picture, id: string): Promise<Sequence> {
    const key = `${pluginId}\n${id}`;
    const known = sequences.get(key);
    if (known) return known;
    const [tool] = await this.#options.toolsFor({ pluginId, plugin, tools: [id], stallMs: toolPatienceMs });
    if (!tool) throw new Fault('tool-not-found', `There is no tool ${id}.`);
    const sequence = new Sequence(tool, confidence);
    sequences.set(key, sequence);
    return sequence;
  }

  /** One is open at a time: they share the network's memory. */
  async #detectorFor(source: Size, detection: DetectionSettings): Promise<Detector> {
    const key = JSON.stringify([source, detection]);
    if (this.#detector?.key === key) return this.#detector.detector;
    this.#detector = null;
    const detector = await this.#options.model.detector({ source: { ...source, pixelAspect: 1 }, ...detection });
    this.#detector = { key, detector };
    return detector;
  }
}

function shownSize({ width, height, orientation }: StillHeader): Size {
  const { rotation } = turns[orientation];
  return rotation === 90 || rotation === 270 ? { width: height, height: width } : { width, height };
}

/** Throws Fault source-undecodable. */
function bytesOf({ picture, form }: Picture): Buffer {
  const bytes = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
  if (form === 'bytes') return bytes;
  const text = unescaped(bytes.toString('latin1'));
  // The head of a data URL (RFC 2397).
  return Buffer.from(text.startsWith('data:') ? text.slice(text.indexOf(',') + 1) : text, 'base64');
}

/** Some writers of JSON escape each slash. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch (cause) {
    throw new Fault('source-undecodable', 'The picture is no base64.', { cause });
  }
}
