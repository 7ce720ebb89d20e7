// Counts how often workers have died of one job at the same place: what kills three would kill the fourth. Pure.

/** Decoding runs ahead of what is reported done, by a few frames more or less. */
const sameWithin = 12;

export class Deaths {
  readonly #most: number;
  #frame = 0;
  #count = 0;

  constructor(most = 3) {
    this.#most = most;
  }

  /** In a row, at the place of the last one. */
  get count(): number {
    return this.#count;
  }

  /** `frame`: frames done when it died. True when it was once too often. */
  add(frame: number): boolean {
    const same = this.#count > 0 && Math.abs(frame - this.#frame) <= sameWithin;
    this.#count = same ? this.#count + 1 : 1;
    this.#frame = frame;
    return this.#count >= this.#most;
  }
}
