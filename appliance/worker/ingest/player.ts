// Opens pipelines, most of them on a file, and follows their bus.
import type { AppSink, AppSrc, BusMessage, Element, GStreamer, Pipeline } from './gstreamer.ts';
import { refusal } from './refusal.ts';

/**
 * Opens pipelines and stops what is still open. Stopping waits for GStreamer's own threads and blocks while one of them
 * hangs in a read, so it is the owner who says when: after everything that matters has been told.
 */
export class Player {
  readonly #gstreamer: GStreamer;
  readonly #open = new Set<Playback>();

  constructor(gstreamer: GStreamer) {
    this.#gstreamer = gstreamer;
  }

  /** `path`: null for a pipeline that is fed. */
  play(launchText: string, path: string | null): Playback {
    const playback = new Playback(new this.#gstreamer.Pipeline(launchText), path, () => this.#open.delete(playback));
    this.#open.add(playback);
    return playback;
  }

  close(): void {
    for (const playback of this.#open) playback.stop();
  }
}

/** GstSeekFlags. */
const flush = 1;
const accurate = 2;

export class Playback {
  /** Resolves at the end of the stream; never where the pipeline breaks or is stopped before. */
  readonly finished: Promise<void>;
  readonly #pipeline: Pipeline;
  readonly #whenStopped: () => void;
  readonly #broken = new AbortController();

  constructor(pipeline: Pipeline, path: string | null, whenStopped: () => void) {
    this.#pipeline = pipeline;
    this.#whenStopped = whenStopped;
    // Left on, stop() strands the thread that waits on the bus.
    pipeline['auto-flush-bus'] = false;
    if (path !== null) this.child('source')['location'] = path;
    this.finished = new Promise((resolve) => {
      pipeline.pollBus((message: BusMessage) => {
        if (message.type === 'eos') resolve();
        if (message.type === 'error') this.#broken.abort(refusal(message));
      });
    });
    pipeline.play();
  }

  /** Aborted at the first error, with a Fault as its reason. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  child(name: string): Element {
    const element = this.#pipeline.findChild(name);
    if (!element) throw new Error(`pipeline has no element ${name}`);
    return element;
  }

  /** The appsink of this name as a function: the next packet, or null at the end or after stop(). Look it up once. */
  puller(name = 'sink'): () => Promise<Buffer | null> {
    const sink = this.child(name) as AppSink;
    return () => new Promise((resolve) => sink.pull(resolve));
  }

  /** The appsrc `source` as a function: what it is given is copied before it returns. Its time in ns, where it has one. */
  feeder(): (pixels: Uint8Array, ptsNs?: number) => void {
    const source = this.child('source') as AppSrc;
    const time = Buffer.alloc(8);
    return (pixels, ptsNs) => {
      if (ptsNs === undefined) return source.push(pixels);
      time.writeBigUInt64BE(BigInt(ptsNs));
      source.push(pixels, time);
    };
  }

  /** Nothing more is fed: what the pipeline still holds comes out, then its end. */
  endFeed(): void {
    this.#pipeline.sendEOS();
  }

  /** Of a pipeline that takes jumps: to the first frame at or after a whole second. Which frame that is, is to be checked. */
  jump(seconds: number): void {
    this.#pipeline.seek(seconds, flush | accurate);
    // Frames were dropped until now, since a full sink would hold the seek up for ever.
    Object.assign(this.child('sink'), { drop: false, 'max-buffers': 4 });
  }

  /** Seconds; null where GStreamer cannot say. */
  duration(): number | null {
    const seconds = this.#pipeline.queryDuration();
    return seconds >= 0 ? seconds : null;
  }

  position(): number | null {
    const seconds = this.#pipeline.queryPosition();
    return seconds >= 0 ? seconds : null;
  }

  stop(): void {
    this.#pipeline.stop();
    this.#whenStopped();
  }
}
