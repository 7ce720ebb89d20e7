// The daemon's parts: opened in order by main, closed in reverse, each with a bound in time.
import type { Log } from '../log.ts';

export interface Part {
  close(): void | Promise<void>;
}

/** Longest that one part may take to close before the next one's turn comes. */
const closeMs = 10_000;

export class Parts {
  readonly #log: Log;
  readonly #opened: { readonly name: string; readonly part: Part }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** Hands the part back, so that main reads as a list. */
  add<P extends Part>(name: string, part: P): P {
    this.#opened.push({ name, part });
    return part;
  }

  /** Last opened, first closed. A part that fails or hangs is logged and does not keep the others open. */
  async close(): Promise<void> {
    for (let next = this.#opened.pop(); next; next = this.#opened.pop()) {
      const { name, part } = next;
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<'late'>((resolve) => {
        timer = setTimeout(resolve, closeMs, 'late');
      });
      try {
        const result = await Promise.race([part.close(), tooLong]);
        if (result === 'late') this.#log.error({ part: name, ms: closeMs }, 'part does not close; going on without it');
      } catch (err) {
        this.#log.error({ err, part: name }, 'part failed to close');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
