// How much one client may ask for in a second, so that nobody keeps the daemon busy with answers.
export class Allowance {
  readonly #perSecond: number;
  #left: number;
  #since = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** False when it is used up. */
  spend(cost: number): boolean {
    const now = performance.now();
    if (now - this.#since >= 1000) {
      this.#since = now;
      this.#left = this.#perSecond;
    }
    this.#left -= cost;
    return this.#left >= 0;
  }
}
