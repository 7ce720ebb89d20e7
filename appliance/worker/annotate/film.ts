// The annotated pictures of one video, one after the other: what was found is drawn in, and they are encoded.
import { objectsIn } from '../../contract/found.ts';
import type { ResultFrame } from '../../contract/frame.ts';
import type { Disk } from '../disk.ts';
import { type Colour, drawBoxes } from '../draw-boxes.ts';
import type { FullPicture } from '../ingest/full.ts';
import type { Patience } from '../ingest/patience.ts';
import type { Player } from '../ingest/player.ts';
import { Release } from '../release.ts';
import { Encoder } from './encoder.ts';
import { type EncoderKind, evenUp } from './encoders.ts';
import { SampleFile, type Stream } from './sample-file.ts';
import { i420Layout, narrowed, YuvSurface, yuvOf } from './yuv-surface.ts';

export interface FilmOptions extends Patience {
  /** Gets the coded pictures. */
  readonly path: string;
  readonly player: Player;
  readonly kind: EncoderKind;
  readonly threads: number;
  /** 0 where nobody knows. */
  readonly fps: number;
  readonly disk: Disk;
}

/** Of a source that does not tell its rate. */
const assumedFps = 25;
/** No two pictures have one time: a tick of the movie's clock lies between them at least. */
const leastNs = 11_112;

/** Methods throw what the disk says, an Error with the encoder's, or the signal's reason; then only close() is of use. */
export class Film {
  readonly #options: FilmOptions;
  readonly #samples: SampleFile;
  readonly #release = new Release();
  #encoder: Encoder | null = null;
  #toYuv: (colour: Colour) => readonly [number, number, number] = yuvOf(null);
  /** When the last picture began, and when it ends by what its source says. */
  #lastNs = -leastNs;
  #endNs = 0;

  private constructor(options: FilmOptions, samples: SampleFile) {
    this.#options = options;
    this.#samples = samples;
  }

  static async open(options: FilmOptions): Promise<Film> {
    return new Film(options, await SampleFile.open(options.path, options.disk));
  }

  /** Pictures so far. */
  get count(): number {
    return this.#samples.count;
  }

  /** The picture is drawn on, and gone behind it. */
  async add(picture: FullPicture, line: ResultFrame): Promise<void> {
    const { pixels, shape } = picture;
    const encoder = (this.#encoder ??= this.#open(picture));
    if (pixels.length < i420Layout(shape).bytes) throw new Error('picture is smaller than its caps say');
    const surface = new YuvSurface(picture, this.#toYuv);
    if (narrowed(shape.colorimetry) !== null) surface.narrow();
    drawBoxes(surface, objectsIn(line));
    surface.fillEdge();
    const ptsNs = Math.max(picture.ptsNs ?? this.#endNs, this.#lastNs + leastNs);
    this.#lastNs = ptsNs;
    this.#endNs = ptsNs + (picture.durationNs ?? 0);
    await encoder.push(pixels.subarray(0, i420Layout(shape).bytes), ptsNs);
    this.#release.free(pixels.buffer);
  }

  /** All of it, as a stream of a movie. */
  async finish(): Promise<Stream> {
    const encoder = this.#encoder;
    await encoder?.finish();
    if (!encoder?.caps?.['codec_data']) throw new Error('the encoder brought nothing');
    const { width, height, pixelAspect } = encoder.shape;
    // Not every encoder hands them on.
    const size = { width: String(evenUp(width)), height: String(evenUp(height)), 'pixel-aspect-ratio': pixelAspect };
    const lastNs = Math.max(leastNs, this.#endNs - this.#lastNs || 1e9 / this.#fps);
    return this.#samples.finish({ ...encoder.caps, ...size }, lastNs);
  }

  async close(): Promise<void> {
    this.#encoder?.stop();
    await this.#samples.close();
  }

  get #fps(): number {
    return this.#options.fps || assumedFps;
  }

  #open({ shape: { colorimetry, ...size } }: FullPicture): Encoder {
    const shape = { ...size, colorimetry: narrowed(colorimetry) ?? colorimetry };
    this.#toYuv = yuvOf(shape.colorimetry);
    const { threads } = this.#options;
    return new Encoder({ ...this.#options, samples: this.#samples, wish: { shape, threads, fps: this.#fps } });
  }
}
