// Pictures that come one by one in memory: each becomes a frame on the way that a still picture's file takes.
import { Fault } from '../../contract/fault.ts';
import { turns } from './exif.ts';
import { parsePacket } from './gdp.ts';
import { waitFor } from './patience.ts';
import type { Platform, Size, StillPicture } from './pipeline.ts';
import type { Playback, Player } from './player.ts';
import type { StillHeader } from './still-header.ts';

export interface FedStillsOptions {
  readonly player: Player;
  readonly platform: Platform;
}

/** Planes R, G, B behind each other, each `stride × height` bytes. */
export interface FedFrame extends Size {
  readonly stride: number;
  readonly pixels: Uint8Array;
}

/**
 * Of as many sizes and turns; the one that was not used for longest makes room. Each holds a thread of libuv's pool for its
 * bus, and one more is needed to wait for a frame.
 */
const mostOpen = 6;
/** One takes a few milliseconds, the largest that is taken a second or two. */
const patienceMs = 5000;

export class FedStills {
  readonly #options: FedStillsOptions;
  /** By what they are made for, the one used last at the end. */
  readonly #lines = new Map<string, Line>();
  #made = 0;

  constructor(options: FedStillsOptions) {
    this.#options = options;
  }

  /** Pipelines so far: what each has taken of memory and descriptors is not given back before the process ends. */
  get made(): number {
    return this.#made;
  }

  /** One at a time. `picture` is whole, by its header. Throws Fault source-undecodable. */
  async decode(picture: Uint8Array, { kind, orientation }: StillHeader, { width, height }: Size): Promise<FedFrame> {
    const what = { kind, direction: turns[orientation].direction, width, height };
    const key = JSON.stringify(what);
    const line = this.#lines.get(key) ?? this.#open(what);
    this.#lines.delete(key);
    try {
      const pixels = await line.decode(picture);
      this.#lines.set(key, line);
      return { width, height, stride: (width + 3) & ~3, pixels };
    } catch (cause) {
      // Whatever is still in it would be taken for the next one's.
      line.stop();
      if (!(cause instanceof Fault)) throw cause;
      throw new Fault('source-undecodable', 'The picture is cut off or damaged; it cannot be decoded.', { cause });
    }
  }

  #open(what: StillPicture): Line {
    const [oldest] = this.#lines;
    if (oldest && this.#lines.size >= mostOpen) {
      oldest[1].stop();
      this.#lines.delete(oldest[0]);
    }
    this.#made += 1;
    return new Line(this.#options.player.play(this.#options.platform.fedStill(what), null));
  }
}

/** One pipeline. */
class Line {
  readonly #playback: Playback;
  readonly #push: (picture: Uint8Array) => void;
  readonly #pull: () => Promise<Buffer | null>;

  constructor(playback: Playback) {
    this.#playback = playback;
    this.#push = playback.feeder();
    this.#pull = playback.puller();
  }

  async decode(picture: Uint8Array): Promise<Uint8Array> {
    this.#push(picture);
    for (;;) {
      const packet = await waitFor(this.#pull(), { stallMs: patienceMs, signal: this.#playback.broken });
      if (packet === null) throw new Error('the pipeline was stopped');
      const part = parsePacket(packet);
      if (part.kind === 'buffer') return part.pixels;
    }
  }

  stop(): void {
    this.#playback.stop();
  }
}
