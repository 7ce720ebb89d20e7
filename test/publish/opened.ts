// What a test has opened, closed in reverse when it is over, however it ended.
export interface Closable {
  close(): Promise<void>;
}

export class Opened {
  readonly #parts: Closable[] = [];

  add<T extends Closable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** A part that fails to close keeps no other from closing. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const part of this.#parts.splice(0).reverse()) {
      await part.close().catch((err: unknown) => failures.push(err));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'could not close everything');
  }
}
