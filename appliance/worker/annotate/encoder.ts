// Frames in, H.264 out: pushes pictures into an encoder's pipeline and takes what comes out of it into a file.
import type { FullShape } from '../ingest/full.ts';
import { parsePacket } from '../ingest/gdp.ts';
import { type Patience, waitFor } from '../ingest/patience.ts';
import type { Playback, Player } from '../ingest/player.ts';
import { type Caps, readCaps } from '../movie/caps.ts';
import { type EncoderKind, encoderText, type EncoderWish, whyBroken } from './encoders.ts';
import type { SampleFile } from './sample-file.ts';

export interface EncoderOptions extends Patience {
  readonly player: Player;
  readonly kind: EncoderKind;
  readonly wish: EncoderWish;
  readonly samples: SampleFile;
}

/** Frames that may be inside beyond those that the encoder keeps: one that it works on, one that waits. */
const inside = 2;

export class Encoder {
  readonly shape: FullShape;
  readonly #options: EncoderOptions;
  readonly #playback: Playback;
  readonly #push: (pixels: Uint8Array, ptsNs: number) => void;
  readonly #patience: Patience;
  /** Times of the frames that are inside. */
  readonly #pending: number[] = [];
  #wake: () => void = () => undefined;
  #news: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #writing = false;
  #caps: Caps | null = null;

  constructor(options: EncoderOptions) {
    const { player, kind, wish } = options;
    this.shape = wish.shape;
    this.#options = options;
    this.#playback = player.play(encoderText(kind, wish), null);
    this.#push = this.#playback.feeder();
    const signal = AbortSignal.any([options.signal, this.#playback.broken]);
    this.#patience = { stallMs: options.stallMs, signal };
    this.#expectNews();
    this.#drain().catch((error: unknown) => {
      this.#failure = { error };
      this.#tell();
    });
  }

  /** Of the coded stream; null before the first packet. */
  get caps(): Caps | null {
    return this.#caps;
  }

  /** Times must grow. The pixels are copied; returns when there is room for the next one. Throws as finish() does. */
  async push(pixels: Uint8Array, ptsNs: number): Promise<void> {
    this.#pending.push(ptsNs);
    this.#push(pixels, ptsNs);
    while (this.#pending.length >= this.#options.kind.delay + inside) await this.#waitForNews();
  }

  /** Returns when all that was pushed was appended. Throws what the disk says, an Error with the encoder's, or the signal's reason. */
  async finish(): Promise<void> {
    // The end overtakes frames that the encoder has not taken yet.
    while (this.#pending.length > this.#options.kind.delay) await this.#waitForNews();
    if (this.#pending.length > 0) this.#playback.endFeed();
    while (this.#pending.length > 0) await this.#waitForNews();
  }

  stop(): void {
    this.#playback.stop();
  }

  async #drain(): Promise<void> {
    const pull = this.#playback.puller();
    for (let bytes = await pull(); bytes !== null; bytes = await pull()) {
      const packet = parsePacket(bytes);
      if (packet.kind === 'caps') this.#caps = readCaps(packet.text);
      if (packet.kind !== 'buffer') continue;
      const expected = this.#pending[0];
      if (expected === undefined || packet.ptsNs !== expected) {
        throw new Error(`the encoder answers ${expected ?? 'nothing'} with ${packet.ptsNs ?? 'no time'}`);
      }
      this.#writing = true;
      await this.#options.samples.append(packet.pixels, expected, packet.isKey);
      this.#writing = false;
      this.#pending.shift();
      this.#tell();
    }
    if (this.#pending.length > 0) throw new Error(`the encoder kept ${this.#pending.length} frames`);
  }

  #expectNews(): void {
    this.#news = new Promise((resolve) => (this.#wake = resolve));
  }

  #tell(): void {
    const wake = this.#wake;
    this.#expectNews();
    wake();
  }

  async #waitForNews(): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    try {
      await waitFor(this.#news, this.#patience);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const { element } = this.#options.kind;
      const why = whyBroken(this.#playback);
      if (why !== null) throw new Error(`${element}: ${why}`, { cause: error });
      // The disk may take its time, and says so itself.
      if (!this.#writing) throw new Error(`nothing came out of ${element}`, { cause: error });
    }
    // Read anew: it may have come while this waited.
    const failure = this.#failure as { readonly error: unknown } | null;
    if (failure) throw failure.error;
  }
}
