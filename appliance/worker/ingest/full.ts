// The frames in the source's own size, upright, in the colours of video: beside those of an analysis, or alone.
import { Outlet } from './outlet.ts';
import type { Patience } from './patience.ts';
import type { Size } from './pipeline.ts';
import type { Playback } from './player.ts';

export interface FullShape {
  /** Stored pixels, turned as shown. */
  readonly width: number;
  readonly height: number;
  /** Width of one pixel by its height, as a fraction such as `4/3`. */
  readonly pixelAspect: string;
  /** GStreamer's text for how brightness and colour are to be understood; null where it is not known. */
  readonly colorimetry: string | null;
}

/** Times in ns from the start of the video. */
export interface FullPicture {
  readonly ptsNs: number | null;
  readonly durationNs: number | null;
  /** I420 in GStreamer's layout, the consumer's own: it may be drawn on. */
  readonly pixels: Uint8Array;
  readonly shape: FullShape;
}

/**
 * So many frames may be asked for beyond the last picture that was taken: they fit into the queue (2), the sink (1) and
 * the thread in front of it (1). With one more, the full sink would hold up the tee, and with it the analysis, for ever.
 */
const fullRoom = 4;

/** Beside an analysis, pictures are taken in step with it. One that goes further ahead than there is room gets none any more. */
export class FullPictures {
  /** Upright. */
  readonly size: Size;
  #outlet: Outlet | null = null;
  #playback: Playback | null = null;
  #shape: FullShape | null = null;
  #coming: Promise<unknown> = Promise.resolve();
  #rest: Promise<FullPicture[]> | null = null;
  #asked = 0;
  #taken = 0;
  #left = false;

  constructor(size: Size) {
    this.size = size;
  }

  /** Of a pipeline with a sink `full`. Call it once. */
  attach(playback: Playback, patience: Patience): void {
    this.#playback = playback;
    this.#outlet = new Outlet(playback, patience, { sink: 'full' });
    this.#outlet.begin();
  }

  /** True when no more come: the analysis goes on without. */
  get left(): boolean {
    return this.#left;
  }

  /** Called before the analysis waits for its next frame. */
  asked(): void {
    this.#asked++;
    if (this.#asked - this.#taken > fullRoom) this.leave();
  }

  /** From now on what comes is dropped, so that it holds up nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#playback) Object.assign(this.#playback.child('full'), { drop: true });
  }

  /** Null at the end of the stream, where it breaks, and for one that was left. Throws Fault source-stalled or cancelled. */
  async next(): Promise<FullPicture | null> {
    if (this.#left) return null;
    const coming = this.#rest === null ? this.#fetch() : this.#rest.then((pictures) => pictures.shift() ?? null);
    this.#coming = coming;
    const picture = await coming;
    if (picture) this.#taken++;
    return picture;
  }

  /** What the pipeline still holds, at most the room's pictures, so that it comes to its end. Never rejects. */
  async keepRest(): Promise<void> {
    if (this.#left || !this.#outlet) return;
    this.#rest ??= this.#fetchRest();
    await this.#rest.catch(() => undefined); // thrown where a picture is awaited
  }

  async #fetchRest(): Promise<FullPicture[]> {
    await this.#coming;
    const pictures: FullPicture[] = [];
    for (let picture = await this.#fetch(); picture; picture = await this.#fetch()) pictures.push(picture);
    return pictures;
  }

  async #fetch(): Promise<FullPicture | null> {
    if (!this.#outlet) throw new Error('pictures were asked for before there was a pipeline');
    const packet = await this.#outlet.buffer();
    if (packet === null) return null;
    const { ptsNs, durationNs, pixels } = packet;
    return { ptsNs, durationNs, pixels, shape: (this.#shape ??= shapeOf(this.#outlet.caps ?? '')) };
  }
}

function shapeOf(caps: string): FullShape {
  return {
    width: Number(/width=\(int\)(\d+)/.exec(caps)?.[1] ?? 0),
    height: Number(/height=\(int\)(\d+)/.exec(caps)?.[1] ?? 0),
    pixelAspect: /pixel-aspect-ratio=\(fraction\)(\d+\/\d+)/.exec(caps)?.[1] ?? '1/1',
    // It comes to stand in another pipeline's text.
    colorimetry: /colorimetry=\(string\)([\w:-]+)/.exec(caps)?.[1] ?? null,
  };
}
