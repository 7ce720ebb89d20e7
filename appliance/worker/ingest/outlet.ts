// What comes out of one sink of a pipeline that decodes, until its end or until it breaks.
import { Fault } from '../../contract/fault.ts';
import { type Packet, parsePacket } from './gdp.ts';
import { type Patience, waitFor } from './patience.ts';
import type { Playback } from './player.ts';

export type BufferPacket = Extract<Packet, { kind: 'buffer' }>;

/** After an error the frames that were decoded before it still wait in the sink; with this much silence they are out. */
const drainMs = 1000;

interface Details {
  readonly sink?: string;
  readonly atEnd?: () => void;
}

/** Methods throw Fault source-stalled or cancelled, and return null at the end of the stream and where it breaks. */
export class Outlet {
  readonly #playback: Playback;
  readonly #pull: () => Promise<Buffer | null>;
  readonly #patience: Patience;
  readonly #atEnd: () => void;
  /** Of whoever waits: a pipeline that breaks may still have something to bring. */
  readonly #signal: AbortSignal;
  #coming: Promise<BufferPacket | null> | null = null;
  #caps: string | null = null;
  #brokenBy: Fault | null = null;

  /** `atEnd`: called when the sink has no more, before the pipeline as a whole has come to its end. */
  constructor(
    playback: Playback,
    { stallMs, signal }: Patience,
    { sink = 'sink', atEnd = () => undefined }: Details = {},
  ) {
    this.#playback = playback;
    this.#atEnd = atEnd;
    this.#pull = playback.puller(sink);
    this.#signal = signal;
    this.#patience = { stallMs, signal: AbortSignal.any([signal, playback.broken]) };
  }

  /** What ended the stream before its end; null for a stream that was whole, and while it goes on. */
  get brokenBy(): Fault | null {
    return this.#brokenBy;
  }

  /** GStreamer's text for the newest ones; null before any came. */
  get caps(): string | null {
    return this.#caps;
  }

  /** Fetches the first buffer while nobody waits for it yet, and so keeps what comes in front of it out of the sink. */
  begin(): void {
    this.#coming ??= this.#fetchBuffer();
  }

  /** The next buffer. The one behind it is fetched while the consumer works, on a thread of its own. */
  async buffer(): Promise<BufferPacket | null> {
    this.begin();
    const packet = await this.#awaited(this.#coming ?? this.#fetchBuffer());
    if (packet !== null) this.#coming = this.#fetchBuffer();
    return packet;
  }

  /** The next packet of any kind; nothing is fetched ahead of it. Not to be mixed with buffer(), but for coming before it. */
  packet(): Promise<Packet | null> {
    return this.#awaited(this.#fetch());
  }

  async #fetch(): Promise<Packet | null> {
    const bytes = await this.#pull();
    if (bytes === null) return null;
    const packet = parsePacket(bytes);
    if (packet.kind === 'caps') this.#caps = packet.text;
    return packet;
  }

  async #fetchBuffer(): Promise<BufferPacket | null> {
    for (;;) {
      const packet = await this.#fetch();
      if (packet === null || packet.kind === 'buffer') return packet;
    }
  }

  async #awaited<T>(coming: Promise<T | null>): Promise<T | null> {
    try {
      const packet = await waitFor(coming, this.#patience);
      // Sink and bus tell of the end by two threads: only the bus knows whether it was a good one.
      if (packet === null) {
        this.#atEnd();
        await waitFor(this.#playback.finished, this.#patience);
      }
      return packet;
    } catch (fault) {
      if (!this.#playback.broken.aborted || this.#signal.aborted) throw fault;
      this.#brokenBy = this.#playback.broken.reason as Fault;
      return this.#drain(coming);
    }
  }

  async #drain<T>(coming: Promise<T | null>): Promise<T | null> {
    try {
      return await waitFor(coming, { stallMs: drainMs, signal: this.#signal });
    } catch (fault) {
      if (fault instanceof Fault && fault.code === 'source-stalled') return null;
      throw fault;
    }
  }
}
