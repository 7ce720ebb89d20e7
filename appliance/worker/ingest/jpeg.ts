// Makes JPEGs of frames on GStreamer's own threads.
import type { Frame } from './frames.ts';
import { waitFor } from './patience.ts';
import type { Platform, Size } from './pipeline.ts';
import type { Playback, Player } from './player.ts';

export interface JpegEncoderOptions {
  readonly player: Player;
  readonly platform: Platform;
  /** Of the frames. */
  readonly from: Size;
  /** Of the pictures; a frame is stretched to it. */
  readonly to: Size;
}

/** One takes a few milliseconds. */
const patienceMs = 5000;

export class JpegEncoder {
  readonly #playback: Playback;
  readonly #push: (pixels: Uint8Array) => void;
  readonly #pull: () => Promise<Buffer | null>;

  constructor({ player, platform, from, to }: JpegEncoderOptions) {
    this.#playback = player.play(platform.jpeg(from, to), null);
    this.#push = this.#playback.feeder();
    this.#pull = this.#playback.puller();
  }

  /** One at a time. The pixels are copied before it returns. Throws a Fault that says what GStreamer says. */
  async encode({ pixels, stride, height }: Pick<Frame, 'pixels' | 'stride' | 'height'>): Promise<Buffer> {
    this.#push(pixels.subarray(0, 3 * stride * height));
    const jpeg = await waitFor(this.#pull(), { stallMs: patienceMs, signal: this.#playback.broken });
    if (!jpeg) throw new Error('the encoder was stopped');
    return jpeg;
  }

  stop(): void {
    this.#playback.stop();
  }
}
