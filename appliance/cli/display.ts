// What the person sees: lines, and below them one live line that is redrawn in place where the output is a terminal.
import type { ProgressView } from '../contract/api.ts';
import { barLine, decade, stepLine } from './bar.ts';

/** A terminal, a pipe or a file. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
}

const clearLine = '\r\u001B[2K';

export class Display {
  readonly #output: Output;
  #live: ((columns: number) => string) | undefined;
  #printedDecade = -1;

  constructor(output: Output) {
    this.#output = output;
  }

  /** A line that stays; the live one moves below it. */
  line(text: string): void {
    if (this.#live) this.#output.write(clearLine);
    this.#output.write(`${text}\n`);
    this.#draw();
  }

  /** A job's progress: the bar, or off a terminal one line at every tenth. */
  progress(view: ProgressView): void {
    if (this.#output.isTTY) {
      this.#show((columns) => barLine(view, columns));
    } else if (view.status === 'running' && decade(view) > this.#printedDecade) {
      this.#printedDecade = decade(view);
      this.line(stepLine(view));
    }
  }

  /** What is going on while there is no percentage to show; nothing off a terminal. */
  status(text: string): void {
    if (this.#output.isTTY) this.#show((columns) => text.slice(0, columns - 1));
  }

  /** Takes the live line away. */
  done(): void {
    if (this.#live) this.#output.write(clearLine);
    this.#live = undefined;
    this.#printedDecade = -1;
  }

  #show(live: (columns: number) => string): void {
    this.#live = live;
    this.#draw();
  }

  #draw(): void {
    if (!this.#live) return;
    // A terminal that was never told its size says 0.
    const { columns = 0 } = this.#output;
    this.#output.write(clearLine + this.#live(columns > 0 ? columns : 80));
  }
}
