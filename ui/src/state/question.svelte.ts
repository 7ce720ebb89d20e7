// The one question that may be open: nothing is cancelled or removed without it.

export interface Asked {
  readonly title: string;
  readonly body: string;
  /** What the button that goes ahead says. */
  readonly yes: string;
  /** What the button that changes nothing says. */
  readonly no: string;
}

export class Question {
  open = $state.raw<Asked | null>(null);
  #settle: ((yes: boolean) => void) | null = null;

  /** Resolves with the answer. A question that is replaced by another counts as answered with no. */
  ask(asked: Asked): Promise<boolean> {
    this.answer(false);
    this.open = asked;
    return new Promise((resolve) => (this.#settle = resolve));
  }

  answer(yes: boolean): void {
    this.#settle?.(yes);
    this.#settle = null;
    this.open = null;
  }
}
