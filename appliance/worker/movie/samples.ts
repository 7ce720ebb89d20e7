// Which packets a movie has of one stream: where their bytes lie, and when they are shown. 21 bytes a packet.
import type { Caps } from './caps.ts';

/** A stream as it goes into a movie. */
export interface Track {
  readonly caps: Caps;
  /** In the order of decoding. */
  readonly samples: Samples;
  /** The first packet, or its beginning: some codecs are known by it alone. Empty where the caps say all. */
  readonly first: Uint8Array;
  /** How long the last packet is shown, in ns. */
  readonly lastNs: number;
}

export interface Sample {
  /** Of its bytes in the file of packets. */
  readonly offset: number;
  readonly size: number;
  /** From the beginning of the movie, in ns; below 0 it is not shown. */
  readonly atNs: number;
  readonly key: boolean;
}

export class Samples {
  #offsets = new Float64Array(256);
  #sizes = new Uint32Array(256);
  #times = new Float64Array(256);
  #keys = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add({ offset, size, atNs, key }: Sample): void {
    if (this.#length === this.#sizes.length) this.#grow();
    const at = this.#length++;
    this.#offsets[at] = offset;
    this.#sizes[at] = size;
    this.#times[at] = atNs;
    this.#keys[at] = key ? 1 : 0;
  }

  at(index: number): Sample {
    const [offset = 0, size = 0] = [this.#offsets[index], this.#sizes[index]];
    return { offset, size, atNs: this.#times[index] ?? 0, key: this.#keys[index] === 1 };
  }

  /** Forgets all from this one on. */
  cut(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Times in ns in the order in which they are shown. A copy. */
  shown(): Float64Array {
    return this.#times.slice(0, this.#length).sort();
  }

  *[Symbol.iterator](): Generator<Sample, void, undefined> {
    for (let index = 0; index < this.#length; index++) yield this.at(index);
  }

  #grow(): void {
    const [offsets, sizes, times, keys] = [this.#offsets, this.#sizes, this.#times, this.#keys];
    const length = 2 * this.#length;
    this.#offsets = new Float64Array(length);
    this.#sizes = new Uint32Array(length);
    this.#times = new Float64Array(length);
    this.#keys = new Uint8Array(length);
    this.#offsets.set(offsets);
    this.#sizes.set(sizes);
    this.#times.set(times);
    this.#keys.set(keys);
  }
}
