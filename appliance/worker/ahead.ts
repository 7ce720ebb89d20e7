// Has the network look at the next frame while the tool works on this one.
import type { Outputs } from './infer/heads/head.ts';
import type { Frame } from './ingest/frames.ts';
import { Release } from './release.ts';

export interface AheadOptions {
  readonly frames: AsyncIterable<Frame, void>;
  readonly infer: (frame: Frame) => Promise<Outputs>;
  /** Aborted: no frame is handed out any more, though one is there. Its reason is thrown. */
  readonly signal: AbortSignal;
}

/** The frames of a source, each with what the network says of it. Iterate it once. */
export class Ahead implements AsyncIterable<Frame> {
  readonly #options: AheadOptions;
  /** Of the frame that the tool has, and of the one behind it. */
  readonly #begun = new Map<number, Promise<Outputs>>();
  readonly #release = new Release();
  #asked = false;
  #current: Frame | null = null;
  #coming: Promise<IteratorResult<Frame, void>> | null = null;

  constructor(options: AheadOptions) {
    this.#options = options;
  }

  /** The last one that was handed out. */
  get current(): Frame | null {
    return this.#current;
  }

  /** Whether no frame lies behind the current one. Throws as the source does. */
  async isOver(): Promise<boolean> {
    const coming = await this.#coming;
    return coming?.done === true;
  }

  /** Of the current frame, until the next one is asked for. Nothing is looked at for a tool that never asks. */
  outputs(frame: Frame): Promise<Outputs> {
    this.#asked = true;
    return this.#begin(frame);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    const source = this.#options.frames[Symbol.asyncIterator]();
    this.#coming = source.next();
    for (;;) {
      const came = await this.#coming;
      if (came.done) return;
      const frame = came.value;
      this.#options.signal.throwIfAborted();
      this.#leaveBehind(frame.index - 1);
      this.#current = frame;
      this.#coming = source.next();
      this.#coming.then(
        (next) => {
          if (!next.done && this.#asked) void this.#begin(next.value);
        },
        () => undefined, // thrown where it is awaited
      );
      yield frame;
    }
  }

  /** The frame before, and what was said of it. */
  #leaveBehind(index: number): void {
    const said = this.#begun.get(index);
    this.#begun.delete(index);
    if (this.#current) this.#release.free(this.#current.pixels.buffer);
    void said?.then(
      (outputs) => {
        for (const { data } of Object.values(outputs))
          if (data instanceof Float32Array) this.#release.free(data.buffer);
      },
      () => undefined, // thrown where it was awaited
    );
  }

  #begin(frame: Frame): Promise<Outputs> {
    const begun = this.#begun.get(frame.index) ?? this.#options.infer(frame);
    begun.catch(() => undefined); // thrown where it is awaited, if ever
    this.#begun.set(frame.index, begun);
    return begun;
  }
}
