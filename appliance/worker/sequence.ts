// A tool that is given one frame after the other, by hand, and says of each what it sees: for pictures that come live.
import { Fault } from '../contract/fault.ts';
import type { ToolFrame, ToolOutput } from '../contract/frame.ts';
import type { Frame } from './ingest/frames.ts';
import type { Tool, ToolWork } from './tools/tool.ts';

export type Detect = ToolWork['detect'];

export class Sequence {
  readonly #tool: Tool;
  readonly #lines: AsyncIterator<ToolFrame>;
  readonly #ending = new AbortController();
  #frame: Frame | null = null;
  #offered: (() => void) | null = null;
  #detect: Detect | null = null;

  /** `confidence`: of new things, 0..1. */
  constructor(tool: Tool, confidence: number) {
    this.#tool = tool;
    const lines = tool.run({
      ...{ frames: this.#frames(), totalFrames: null, confidence, memory: null, signal: this.#ending.signal },
      detect: (frame, options) => {
        if (!this.#detect) throw new Error('a tool looked at a frame that was over');
        return this.#detect(frame, options);
      },
      remember: () => undefined,
      onProgress: () => undefined,
    });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** One at a time. Throws Fault tool-failed, or what `detect` throws. */
  async take(frame: Frame, detect: Detect): Promise<ToolOutput> {
    this.#detect = detect;
    this.#frame = frame;
    this.#offered?.();
    const line = await this.#line();
    this.#detect = null;
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- what is left is what is told
    const { frame_index, pts_s, ...output } = line;
    return output;
  }

  async #line(): Promise<ToolFrame> {
    const { id } = this.#tool;
    try {
      const next = await this.#lines.next();
      if (next.done !== true) return next.value;
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('tool-failed', `The tool ${id} failed: ${reason}`, { cause });
    }
    throw new Fault('tool-failed', `The tool ${id} ended before its pictures did.`);
  }

  /** A tool that waits for a frame is left where it waits, and forgotten with it. */
  end(): void {
    this.#ending.abort();
  }

  async *#frames(): AsyncGenerator<Frame, void, undefined> {
    for (;;) {
      while (this.#frame === null) await new Promise<void>((resolve) => (this.#offered = resolve));
      const frame = this.#frame;
      this.#frame = null;
      yield frame;
    }
  }
}
