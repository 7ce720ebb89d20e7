// One pipeline that decodes a file: its pictures one after the other, from the start or after a jump.
import type { Fault } from '../../contract/fault.ts';
import type { FullPictures } from './full.ts';
import { Outlet } from './outlet.ts';
import type { Patience } from './patience.ts';
import type { Platform } from './pipeline.ts';
import type { Playback, Player } from './player.ts';

export interface DecodingOptions extends Patience {
  readonly path: string;
  readonly player: Player;
  readonly platform: Platform;
  /** Size that the pictures are scaled to. */
  readonly width: number;
  readonly height: number;
  /** Gets every frame as well; only of a decoding from the start. */
  readonly full?: FullPictures;
}

/** Times in ns from the start of the video, whether the decoding began there or not. */
export interface Picture {
  readonly ptsNs: number | null;
  readonly durationNs: number | null;
  /** Planes R, G, B behind each other. */
  readonly pixels: Uint8Array;
}

/** At most four pictures wait in the sink, one is fetched ahead: a slow consumer slows the demuxer down. */
export class Decoding {
  readonly #playback: Playback;
  readonly #outlet: Outlet;
  #full: FullPictures | null = null;
  #startNs = 0;

  private constructor(options: DecodingOptions, launchText: string) {
    this.#playback = options.player.play(launchText, options.path);
    // The pipeline ends when both of its sinks are empty.
    this.#outlet = new Outlet(this.#playback, options, { atEnd: () => void this.#full?.keepRest() });
  }

  static fromStart(options: DecodingOptions): Decoding {
    const { platform, width, height, full } = options;
    if (!full) return new Decoding(options, platform.frames(width, height));
    const decoding = new Decoding(options, platform.framesBesideFull({ width, height }, full.size));
    full.attach(decoding.#playback, options);
    decoding.#full = full;
    return decoding;
  }

  /**
   * From the first picture at or after a whole second, as far as the container can: what comes is to be checked.
   * Throws as next() does.
   */
  static async fromSecond(options: DecodingOptions, second: number): Promise<Decoding> {
    const decoding = new Decoding(options, options.platform.framesByJump(options.width, options.height));
    await decoding.#jump(second);
    return decoding;
  }

  /** What ended the stream before its end; null for a stream that was whole, and while it goes on. */
  get brokenBy(): Fault | null {
    return this.#outlet.brokenBy;
  }

  /**
   * The next picture; null at the end of the stream, and where it breaks: `brokenBy` tells which.
   * Throws Fault source-stalled or cancelled.
   */
  async next(): Promise<Picture | null> {
    this.#full?.asked();
    const packet = await this.#outlet.buffer();
    if (packet === null) await this.#full?.keepRest();
    if (packet === null) return null;
    const { ptsNs, durationNs, pixels } = packet;
    return { ptsNs: ptsNs === null ? null : ptsNs + this.#startNs, durationNs, pixels };
  }

  stop(): void {
    this.#playback.stop();
  }

  async #jump(second: number): Promise<void> {
    // Nothing can be sought before the first picture is there, and nothing may be fetched ahead of the jump.
    if (!(await this.#pullUntil('buffer'))) return;
    this.#playback.jump(second);
    // Pictures from before the jump may still come; a segment parts them from those behind it.
    if (await this.#pullUntil('segment')) this.#startNs = second * 1e9;
  }

  async #pullUntil(kind: 'buffer' | 'segment'): Promise<boolean> {
    for (;;) {
      const packet = await this.#outlet.packet();
      if (packet === null) return false;
      if (packet.kind === kind) return true;
    }
  }
}
