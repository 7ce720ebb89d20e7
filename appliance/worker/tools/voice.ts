// One of several tools at work side by side: it is given frames and asked for lines by turns.
import type { Fault } from '../../contract/fault.ts';
import type { ToolFrame } from '../../contract/frame.ts';
import type { Frame } from '../ingest/frames.ts';
import { blamed, checkOrder, checkWhole } from './blame.ts';
import type { Tool, ToolWork } from './tool.ts';

export interface VoiceOptions {
  readonly tool: Tool;
  /** Index of the first frame. */
  readonly from: number;
  readonly workOf: (tool: Tool, frames: AsyncIterable<Frame>) => ToolWork;
  /** Called when something has changed. */
  readonly onNews: () => void;
}

type Given = IteratorResult<Frame, undefined>;
const end: Given = { done: true, value: undefined };

export class Voice {
  readonly #options: VoiceOptions;
  /** Lines that were not taken yet. */
  readonly #said: ToolFrame[] = [];
  #lines: AsyncIterator<ToolFrame> | null = null;
  #state: 'idle' | 'speaking' | 'ended' = 'idle';
  #failure: Fault | null = null;
  /** It waits for its next frame. */
  #wanted: ((given: Given) => void) | null = null;
  /** No frame comes any more. */
  #over = false;
  #due: number;
  #given: number;

  constructor(options: VoiceOptions) {
    this.#options = options;
    this.#due = options.from;
    this.#given = options.from;
  }

  get id(): string {
    return this.#options.tool.id;
  }

  get hasSaid(): boolean {
    return this.#said.length > 0;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  get wantsFrame(): boolean {
    return this.#wanted !== null;
  }

  /** For its next line, unless it is asked already. */
  ask(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'speaking';
    void this.#listen();
  }

  /** Null: there is none any more. */
  give(frame: Frame | null): void {
    if (frame) this.#given = frame.index + 1;
    else this.#over = true;
    this.#wanted?.(frame ? { done: false, value: frame } : end);
    this.#wanted = null;
  }

  /** Its next line. */
  take(): ToolFrame {
    const line = this.#said.shift();
    if (!line) throw new Error(`the tool ${this.id} has said nothing`);
    return line;
  }

  /** Throws Fault 'tool-failed', or what else it threw. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  fault(cause: Error): Fault {
    return blamed(this.#options.tool, cause);
  }

  /** It is not waited for: it may hang. */
  close(): void {
    this.give(null);
    // What it throws now is nobody's concern: it is over for the sake of another, or of the job.
    void this.#lines?.return?.().catch(() => undefined);
  }

  async #listen(): Promise<void> {
    const { tool, workOf, onNews } = this.#options;
    try {
      this.#lines ??= tool.run(workOf(tool, { [Symbol.asyncIterator]: () => this.#frames() }))[Symbol.asyncIterator]();
      const said = await this.#lines.next();
      if (said.done) {
        this.#state = 'ended';
        checkWhole(this.#due, this.#given);
      } else {
        this.#state = 'idle';
        checkOrder(said.value, this.#due++, this.#given);
        this.#said.push(said.value);
      }
    } catch (cause) {
      this.#state = 'ended';
      this.#failure = blamed(tool, cause);
    }
    onNews();
  }

  #frames(): AsyncIterator<Frame, undefined> {
    return { next: () => this.#want(), return: () => Promise.resolve(end) };
  }

  #want(): Promise<Given> {
    if (this.#over) return Promise.resolve(end);
    if (this.#wanted) return Promise.reject(new Error('it asked for two frames at once'));
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#options.onNews();
    });
  }
}
