// One pipeline that decodes a file: its pictures one after the other, from the start or after a jump.
import { Fault } from '../../contract/fault.ts';
import { parsePacket } from './gdp.ts';
import { waitFor, type Patience } from './patience.ts';
import type { Platform } from './pipeline.ts';
import type { Playback, Player } from './player.ts';

export interface DecodingOptions extends Patience {
  readonly path: string;
  readonly player: Player;
  readonly platform: Platform;
  /** Size that the pictures are scaled to. */
  readonly width: number;
  readonly height: number;
}

/** Times in ns from the start of the video, whether the decoding began there or not. */
export interface Picture {
  readonly ptsNs: number | null;
  readonly durationNs: number | null;
  /** Planes R, G, B behind each other. */
  readonly pixels: Uint8Array;
}

/** After an error the frames that were decoded before it still wait in the sink; with this much silence they are out. */
const drainMs = 1000;

/** At most four pictures wait in the sink, one is fetched ahead: a slow consumer slows the demuxer down. */
export class Decoding {
  readonly #options: DecodingOptions;
  readonly #playback: Playback;
  readonly #pull: () => Promise<Buffer | null>;
  readonly #patience: Patience;
  #startNs = 0;
  #coming: Promise<Buffer | null> | null = null;
  #brokenBy: Fault | null = null;

  private constructor(options: DecodingOptions, launchText: string) {
    const { path, player, stallMs, signal } = options;
    this.#options = options;
    this.#playback = player.play(launchText, path);
    this.#pull = this.#playback.puller();
    this.#patience = { stallMs, signal: AbortSignal.any([signal, this.#playback.broken]) };
  }

  static fromStart(options: DecodingOptions): Decoding {
    return new Decoding(options, options.platform.frames(options.width, options.height));
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
    return this.#brokenBy;
  }

  /**
   * The next picture; null at the end of the stream, and where it breaks: `brokenBy` tells which.
   * Throws Fault source-stalled or cancelled.
   */
  async next(): Promise<Picture | null> {
    for (;;) {
      const packet = await this.#packet(this.#coming ?? this.#pull());
      if (packet === null) return null;
      // Fetched while the consumer works, on a thread of its own.
      this.#coming = this.#pull();
      const part = parsePacket(packet);
      if (part.kind !== 'buffer') continue;
      const { ptsNs, durationNs, pixels } = part;
      return { ptsNs: ptsNs === null ? null : ptsNs + this.#startNs, durationNs, pixels };
    }
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
      const packet = await this.#packet(this.#pull());
      if (packet === null) return false;
      if (parsePacket(packet).kind === kind) return true;
    }
  }

  /** The next packet, or null when there is none to come. */
  async #packet(coming: Promise<Buffer | null>): Promise<Buffer | null> {
    try {
      const packet = await waitFor(coming, this.#patience);
      // Sink and bus tell of the end by two threads: only the bus knows whether it was a good one.
      if (packet === null) await waitFor(this.#playback.finished, this.#patience);
      return packet;
    } catch (fault) {
      if (!this.#playback.broken.aborted || this.#options.signal.aborted) throw fault;
      this.#brokenBy = this.#playback.broken.reason as Fault;
      return this.#drain(coming);
    }
  }

  async #drain(coming: Promise<Buffer | null>): Promise<Buffer | null> {
    try {
      return await waitFor(coming, { stallMs: drainMs, signal: this.#options.signal });
    } catch (fault) {
      if (fault instanceof Fault && fault.code === 'source-stalled') return null;
      throw fault;
    }
  }
}
