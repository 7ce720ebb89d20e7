// Counts how often workers have died of one job at the same place: what kills three would kill the fourth. Pure.

/** Decoding runs ahead of what is reported done, by a few frames more or less. */
const sameWithin = 12;

export class Deaths {
  readonly #most: number;
  readonly #places: { readonly frame: number; count: number }[] = [];
  #furthest = -Infinity;

  constructor(most = 3) {
    this.#most = most;
  }

  /** Since the job last came further than ever. */
  get count(): number {
    return this.#places.reduce((sum, { count }) => sum + count, 0);
  }

  /** `frame`: frames done when it died. True when it was once too often at this place. */
  add(frame: number): boolean {
    if (frame > this.#furthest + sameWithin) this.#places.length = 0; // it came further: this is another trouble
    this.#furthest = Math.max(this.#furthest, frame);
    let place = this.#places.find((known) => Math.abs(known.frame - frame) <= sameWithin);
    if (!place) this.#places.push((place = { frame, count: 0 }));
    place.count += 1;
    return place.count >= this.#most;
  }
}
