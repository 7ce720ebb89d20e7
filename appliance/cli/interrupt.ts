// Ctrl-C and its kin as an AbortSignal: the first asks politely, the second insists.

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The reason of the abort that a person, or a supervisor, asked for. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export class Interrupt {
  readonly #controller = new AbortController();
  readonly #insist: () => void;

  /** `insist` is called at every signal after the first. */
  constructor(insist: () => void) {
    this.#insist = insist;
    for (const name of signals) process.on(name, this.#hear);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Signals have their usual effect again. */
  close(): void {
    for (const name of signals) process.off(name, this.#hear);
  }

  readonly #hear = (name: NodeJS.Signals) => {
    if (this.signal.aborted) this.#insist();
    else this.#controller.abort(new Interrupted(name));
  };
}
