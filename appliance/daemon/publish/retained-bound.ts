// How much other clients of the embedded broker may have it retain: it keeps all of it in memory.
export interface Bound {
  readonly topics: number;
  readonly bytes: number;
}

export class RetainedBound {
  readonly #bound: Bound;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor(bound: Bound) {
    this.#bound = bound;
  }

  /** False where this payload would be too much; then what was retained for the topic stays. An empty one frees it. */
  admits(topic: string, payload: string | Buffer): boolean {
    const held = this.#sizes.get(topic);
    const size = Buffer.byteLength(payload);
    if (size === 0) this.#sizes.delete(topic);
    else {
      const topics = this.#sizes.size + (held === undefined ? 1 : 0);
      if (topics > this.#bound.topics || this.#bytes - (held ?? 0) + size > this.#bound.bytes) return false;
      this.#sizes.set(topic, size);
    }
    this.#bytes += size - (held ?? 0);
    return true;
  }
}
