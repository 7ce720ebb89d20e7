// What was worked out lately, by its name: clients that poll ask for the same few things over and over.
export class Recent<V> {
  readonly #values = new Map<string, V>();
  readonly #most: number;

  /** `most`: values that are kept; the oldest make room. */
  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): V | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: V): void {
    // A long name is somebody's joke, and not worth its memory.
    if (name.length > longestName) return;
    this.#values.set(name, value);
    if (this.#values.size <= this.#most) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }
}

const longestName = 200;
