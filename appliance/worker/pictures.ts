// Small pictures of a job's frames: those that somebody looks at while it runs, and the one that is kept of it.
import { type FoundObject, objectsOf, shownIn, toSeenObject } from '../contract/found.ts';
import type { ResultFrame } from '../contract/frame.ts';
import type { FromWorker } from '../contract/ipc.ts';
import type { Sight } from '../contract/preview.ts';
import type { Log } from '../log.ts';
import type { SourceSize } from './infer/letterbox.ts';
import type { Frame } from './ingest/frames.ts';
import { JpegEncoder } from './ingest/jpeg.ts';
import type { Platform, Size } from './ingest/pipeline.ts';
import type { Player } from './ingest/player.ts';
import type { Poster } from './poster.ts';

export interface PicturesOptions {
  readonly player: Player;
  readonly platform: Platform;
  /** Size of the frames. */
  readonly frame: Size;
  readonly source: SourceSize;
  /** Whether somebody wants previews now. */
  readonly looked: () => boolean;
  readonly send: (message: FromWorker, sent: () => void) => void;
  readonly poster: Poster;
  readonly log: Log;
}

/** What a preview tells beside its picture. */
type Seen = Omit<Sight, 'width' | 'height'>;

/** Detections by class name so far, of one tool; null: of the only one. */
interface Counted {
  readonly classesOf: (tool: string | null) => Record<string, number>;
}

const longestSide = 640;
const previewEveryMs = 250;
const mostObjects = 200;
/** As the contract bounds its base64. */
const mostJpegBytes = (512 * 1024 * 3) / 4;

export class Pictures {
  readonly #options: PicturesOptions;
  readonly #size: Size;
  #encoder: JpegEncoder | null = null;
  #encoding: Promise<void> | null = null;
  /** The last preview is still on its way to the daemon. */
  #unsent = false;
  #dueAt = -Infinity;
  #failed = false;

  constructor(options: PicturesOptions) {
    this.#options = options;
    this.#size = shownSize(options.frame, options.source);
  }

  /**
   * Between two frames, with the last one that was handed out and the last line that was written. Returns at once, and
   * does nothing while the picture before is being made, or nobody wants one.
   */
  take(frame: Frame | null, line: ResultFrame, counted: Counted): void {
    if (this.#encoding || this.#failed || frame?.index !== line.frame_index) return;
    const { looked, poster } = this.#options;
    const toShow = looked() && !this.#unsent && performance.now() >= this.#dueAt;
    const [tool, output] = shownIn(line) ?? [null, null];
    const shown = output ? objectsOf(output, tool) : [];
    const objects = shown.length;
    const toKeep = poster.wants(objects);
    if (!toShow && !toKeep) return;
    const seen = toShow ? toSeen(line, shown, counted.classesOf(tool)) : null;
    if (toShow) this.#dueAt = performance.now() + previewEveryMs;
    this.#encoding = this.#encode(frame)
      .then((jpeg) => {
        if (toKeep) poster.take(jpeg, objects);
        if (seen) this.#show(jpeg, seen);
      })
      .catch((err: unknown) => this.#giveUp(err))
      .finally(() => (this.#encoding = null));
  }

  /** Keeps what was best; true where it lies on the disk. Never throws. */
  async close(): Promise<boolean> {
    await this.#encoding;
    return this.#options.poster.save();
  }

  /** A rejection, whatever goes wrong. */
  async #encode(frame: Frame): Promise<Buffer> {
    const { player, platform, frame: from } = this.#options;
    this.#encoder ??= new JpegEncoder({ player, platform, from, to: this.#size });
    return this.#encoder.encode(frame);
  }

  #show(jpeg: Buffer, seen: Seen): void {
    if (jpeg.length > mostJpegBytes) return; // no picture of this size is; the daemon would take it for a lie
    this.#unsent = true;
    const sight = { ...seen, ...this.#size };
    this.#options.send({ type: 'preview', sight, picture: jpeg.toString('base64') }, () => (this.#unsent = false));
  }

  /** Pictures are for the eye: a job goes on without them. */
  #giveUp(err: unknown): void {
    this.#failed = true;
    this.#options.log.warn({ err }, 'no pictures can be made of this job');
    this.#encoder?.stop();
  }
}

/** The whole frame as it is shown, no larger than it is there. */
function shownSize(frame: Size, source: SourceSize): Size {
  const [shownWidth, shownHeight] = [source.width * source.pixelAspect, source.height];
  const longest = Math.min(longestSide, Math.max(frame.width, frame.height));
  const scale = longest / Math.max(shownWidth, shownHeight);
  return { width: side(shownWidth * scale), height: side(shownHeight * scale) };
}

function side(length: number): number {
  return Math.max(1, Math.round(length));
}

function toSeen(line: ResultFrame, objects: readonly FoundObject[], classes: Record<string, number>): Seen {
  const surest = [...objects].sort((a, b) => b.confidence - a.confidence).slice(0, mostObjects);
  return { frame_index: line.frame_index, pts_s: line.pts_s, objects: surest.map(toSeenObject), classes };
}
