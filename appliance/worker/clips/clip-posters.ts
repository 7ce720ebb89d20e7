// The picture of a clip: the frame in which its class was surest, as a JPEG. Only what leads to it is decoded.
import { Fault } from '../../contract/fault.ts';
import { Decoding, type DecodingOptions } from '../ingest/decoding.ts';
import { JpegEncoder } from '../ingest/jpeg.ts';
import type { ProbedSource } from '../ingest/probe.ts';

export interface PosterOptions extends Pick<DecodingOptions, 'path' | 'player' | 'platform' | 'stallMs' | 'signal'> {
  readonly probed: ProbedSource;
}

const longestSide = 1280;
/** A seek may land a little late. */
const runUpS = 1;
/** By which a frame may be off after a seek in containers whose demuxers reckon its time anew. */
const toleranceNs = 5e6;

export class ClipPosters {
  readonly #options: PosterOptions;
  readonly #size: { readonly width: number; readonly height: number };
  #encoder: JpegEncoder | null = null;

  constructor(options: PosterOptions) {
    const { info, pixelAspect } = options.probed;
    const scale = Math.min(1, longestSide / Math.max(info.width * pixelAspect, info.height));
    const side = (length: number) => Math.max(2, 2 * Math.round((length * scale) / 2));
    this.#options = options;
    this.#size = { width: side(info.width * pixelAspect), height: side(info.height) };
  }

  /** Null where that frame cannot be decoded. Throws Fault cancelled. */
  async take(atS: number): Promise<Buffer | null> {
    const { path, player, platform, stallMs, signal } = this.#options;
    const options = { path, player, platform, stallMs, signal, ...this.#size };
    const second = Math.floor(atS) - runUpS;
    try {
      const decoding = second > 0 ? await Decoding.fromSecond(options, second) : Decoding.fromStart(options);
      try {
        return await this.#find(decoding, atS * 1e9);
      } finally {
        decoding.stop();
      }
    } catch (fault) {
      if (!(fault instanceof Fault) || this.#options.signal.aborted) throw fault;
      return null;
    }
  }

  stop(): void {
    this.#encoder?.stop();
  }

  async #find(decoding: Decoding, atNs: number): Promise<Buffer | null> {
    for (let picture = await decoding.next(); picture; picture = await decoding.next()) {
      if (picture.ptsNs !== null && picture.ptsNs >= atNs - toleranceNs) return this.#encode(picture.pixels);
    }
    return null;
  }

  #encode(pixels: Uint8Array): Promise<Buffer> {
    const { player, platform } = this.#options;
    const size = this.#size;
    this.#encoder ??= new JpegEncoder({ player, platform, from: size, to: size });
    // Rows of planes are padded to four bytes.
    const stride = Math.ceil(size.width / 4) * 4;
    return this.#encoder.encode({ pixels, stride, height: size.height });
  }
}
