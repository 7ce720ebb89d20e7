// The operator's PIN: asked for when something needs it, and forgotten after five minutes without use.
const rememberedMs = 5 * 60_000;

export class Operator {
  /** Open while somebody is asked for the PIN. `wrong`: the last one was refused. */
  asking = $state.raw<{ readonly wrong: boolean } | null>(null);

  #pin: string | null = null;
  #forget: ReturnType<typeof setTimeout> | undefined;
  #settle: ((pin: string | null) => void) | null = null;
  /** All who need it at once wait for the same answer. */
  #asked: Promise<boolean> | null = null;

  headers(): Record<string, string> {
    if (this.#pin !== null) this.#remember(this.#pin);
    return this.#pin === null ? {} : { 'X-Operator-Pin': this.#pin };
  }

  /** Resolves with false where the visitor gave none. The PIN that was known, if any, was refused. */
  ask(): Promise<boolean> {
    return (this.#asked ??= this.#ask().finally(() => (this.#asked = null)));
  }

  async #ask(): Promise<boolean> {
    this.asking = { wrong: this.#pin !== null };
    this.lock();
    const pin = await new Promise<string | null>((resolve) => (this.#settle = resolve));
    this.#settle = null;
    this.asking = null;
    if (pin === null) return false;
    this.#remember(pin);
    return true;
  }

  /** Null: none is given. */
  answer(pin: string | null): void {
    this.#settle?.(pin);
  }

  /** What needs the PIN asks for it again. */
  lock(): void {
    clearTimeout(this.#forget);
    this.#pin = null;
  }

  #remember(pin: string): void {
    clearTimeout(this.#forget);
    this.#pin = pin;
    this.#forget = setTimeout(() => this.lock(), rememberedMs);
  }
}
