// Why a running job is held: several may hold it, and it goes on when none does.

type Holder = 'appliance' | 'worker' | 'record';

export class Holds {
  readonly #reasons = new Map<Holder, string>();

  /** The first of them; null: it goes on. */
  get reason(): string | null {
    const [first = null] = this.#reasons.values();
    return first;
  }

  has(by: Holder): boolean {
    return this.#reasons.has(by);
  }

  /** Null: this one holds it no more. True where that is news. */
  set(by: Holder, reason: string | null): boolean {
    if ((this.#reasons.get(by) ?? null) === reason) return false;
    if (reason === null) this.#reasons.delete(by);
    else this.#reasons.set(by, reason);
    return true;
  }
}
