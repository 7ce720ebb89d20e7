// The decoded frames of a file, in order and without a gap, as an async iterable with bounded memory.
import { Fault } from '../../contract/fault.ts';
import { parsePacket } from './gdp.ts';
import { waitFor, type Patience } from './patience.ts';
import type { Platform } from './pipeline.ts';
import type { Playback, Player } from './player.ts';

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
}

export interface FrameSourceOptions extends Patience {
  readonly path: string;
  readonly player: Player;
  readonly platform: Platform;
  /** Size that the frames are scaled to. */
  readonly width: number;
  readonly height: number;
}

/** After an error the frames that were decoded before it still wait in the sink; with this much silence they are out. */
const drainMs = 250;

/**
 * Iterate it once. Ends normally at the end of the stream, and also where the stream breaks after at least one frame:
 * `brokenBy` tells which. Throws Fault source-undecodable, source-without-video, source-without-frames, source-stalled
 * or cancelled. At most four frames wait in the sink, one is fetched ahead: a slow consumer slows the demuxer down.
 */
export class FrameSource implements AsyncIterable<Frame> {
  readonly #options: FrameSourceOptions;
  #framesRead = 0;
  #endS = 0;
  #brokenBy: Fault | null = null;

  constructor(options: FrameSourceOptions) {
    this.#options = options;
  }

  /** Frames handed out so far. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** Seconds at which the last frame that was handed out ends. */
  get endS(): number {
    return this.#endS;
  }

  /** What ended the stream before its end; null for a stream that was whole, and while it goes on. */
  get brokenBy(): Fault | null {
    return this.#brokenBy;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const { path, player, platform, width, height, stallMs, signal } = this.#options;
    const stride = (width + 3) & ~3;
    const playback = player.play(platform.frames(width, height), path);
    const pull = playback.puller();
    const patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
    let coming = pull();
    for (;;) {
      const packet = await this.#next(playback, coming, patience);
      if (packet === null) break;
      // Fetched while the consumer works, on a thread of its own.
      coming = pull();
      const part = parsePacket(packet);
      if (part.kind !== 'buffer') continue;
      if (part.pixels.length < 3 * stride * height) throw new Error('frame is smaller than its caps say');
      const ptsS = part.ptsS ?? this.#endS;
      this.#endS = ptsS + (part.durationS ?? 0);
      const index = this.#framesRead++;
      yield { index, ptsS, durationS: part.durationS, width, height, stride, pixels: part.pixels };
    }
    playback.stop();
    if (this.#framesRead > 0) return;
    throw this.#brokenBy ?? new Fault('source-without-frames', 'The video stream holds no frame that can be decoded.');
  }

  /** The next packet, or null when there is none to come. */
  async #next(playback: Playback, coming: Promise<Buffer | null>, patience: Patience): Promise<Buffer | null> {
    try {
      const packet = await waitFor(coming, patience);
      // Sink and bus tell of the end by two threads: only the bus knows whether it was a good one.
      if (packet === null) await waitFor(playback.finished, patience);
      return packet;
    } catch (fault) {
      if (!playback.broken.aborted || this.#options.signal.aborted) throw fault;
      this.#brokenBy = playback.broken.reason as Fault;
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
