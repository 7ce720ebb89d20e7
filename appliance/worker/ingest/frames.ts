// The decoded frames of a file, in order and without a gap, as an async iterable with bounded memory.
import { Fault } from '../../contract/fault.ts';
import { Decoding, type DecodingOptions, type Picture } from './decoding.ts';
import { type Place, pictureHash } from './place.ts';

export interface Frame {
  /** 0-based. */
  readonly index: number;
  /** Seconds from the first frame's edit-list start. */
  readonly ptsS: number;
  readonly durationS: number | null;
  readonly width: number;
  readonly height: number;
  /** Bytes from one row to the next; rows are padded to a multiple of 4. */
  readonly stride: number;
  /** Planes R, G, B behind each other, each `stride × height` bytes. A view: it lives as long as the frame does. */
  readonly pixels: Uint8Array;
  /** Behind this frame; null where it cannot be told from others by its time. */
  readonly place: () => Place | null;
}

/** Where a decoding stands that is not at its start. */
export interface Continuation {
  readonly decoding: Decoding;
  readonly place: Place;
}

/**
 * Iterate it once. Ends normally at the end of the stream, and also where the stream breaks after at least one frame:
 * `brokenBy` tells which. Throws Fault source-undecodable, source-without-video, source-without-frames, source-stalled
 * or cancelled.
 */
export class FrameSource implements AsyncIterable<Frame> {
  readonly #options: DecodingOptions;
  #decoding: Decoding | null;
  #framesRead: number;
  #endNs: number;
  #lastPtsNs: number | null;

  /** `continuation`: goes on behind its place instead of the start. */
  constructor(options: DecodingOptions, continuation: Continuation | null = null) {
    this.#options = options;
    this.#decoding = continuation?.decoding ?? null;
    this.#framesRead = continuation?.place.frames ?? 0;
    this.#endNs = continuation?.place.endNs ?? 0;
    this.#lastPtsNs = continuation?.place.ptsNs ?? null;
  }

  /** Frames handed out so far, with those that a continuation has left behind. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** Seconds at which the last frame that was handed out ends. */
  get endS(): number {
    return this.#endNs / 1e9;
  }

  /** What ended the stream before its end; null for a stream that was whole, and while it goes on. */
  get brokenBy(): Fault | null {
    return this.#decoding?.brokenBy ?? null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const decoding = (this.#decoding ??= Decoding.fromStart(this.#options));
    for (let picture = await decoding.next(); picture; picture = await decoding.next()) yield this.#frame(picture);
    decoding.stop();
    if (this.#framesRead > 0) return;
    throw this.brokenBy ?? new Fault('source-without-frames', 'The video stream holds no frame that can be decoded.');
  }

  #frame({ ptsNs: known, durationNs, pixels }: Picture): Frame {
    const { width, height } = this.#options;
    const stride = (width + 3) & ~3;
    if (pixels.length < 3 * stride * height) throw new Error('frame is smaller than its caps say');
    const ptsNs = known ?? this.#endNs;
    const endNs = ptsNs + (durationNs ?? 0);
    // The first one of its time is the one that is found again.
    const unique = ptsNs !== this.#lastPtsNs;
    this.#endNs = endNs;
    this.#lastPtsNs = ptsNs;
    const durationS = durationNs === null ? null : durationNs / 1e9;
    const index = this.#framesRead++;
    const place = () => (unique ? { frames: index + 1, ptsNs, endNs, picture: pictureHash(pixels) } : null);
    return { index, ptsS: ptsNs / 1e9, durationS, width, height, stride, pixels, place };
  }
}
