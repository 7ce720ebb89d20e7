// Hands each frame to several tools at once, and puts together what they say of it.
import type { MultiFrame, ToolFrame, ToolOutput } from '../../contract/frame.ts';
import type { Frame } from '../ingest/frames.ts';
import { endedEarly } from './blame.ts';
import type { Tool, ToolWork } from './tool.ts';
import { Voice } from './voice.ts';

export interface FanOutOptions {
  readonly tools: readonly Tool[];
  readonly frames: AsyncIterable<Frame, void>;
  /** Index of the first of them. */
  readonly from: number;
  readonly workOf: (tool: Tool, frames: AsyncIterable<Frame>) => ToolWork;
}

/** Frames that a tool may see before it says something of the first of them, while the others' lines wait. */
const mostAhead = 256;

/**
 * A frame is taken from the source when every tool asks for it: until then the pixels of the one before stay, and what
 * the network said of it. A tool is asked for its next line when the last one was taken, and sooner only where another
 * needs a further frame before it says its own.
 */
export async function* fanOut(options: FanOutOptions): AsyncGenerator<MultiFrame, void, undefined> {
  const { tools, frames, from, workOf } = options;
  const bell = new Bell();
  const voices = tools.map((tool) => new Voice({ tool, from, workOf, onNews: () => bell.ring() }));
  const source = frames[Symbol.asyncIterator]();
  let given = from;
  try {
    for (let due = from; ; due++) {
      for (const voice of voices) voice.ask();
      while (!voices.every((voice) => voice.hasSaid)) {
        for (const voice of voices) voice.check();
        if (voices.every((voice) => voice.wantsFrame || voice.hasEnded)) {
          refuseFarAhead(voices, due, given);
          const { done, value: frame } = await source.next();
          if (done && voices.every((voice) => voice.hasEnded)) return;
          const ended = voices.find((voice) => voice.hasEnded);
          if (!done && ended) throw ended.fault(endedEarly(given));
          for (const voice of voices) voice.give(done ? null : frame);
          if (!done) given += 1;
        } else {
          if (voices.some((voice) => voice.wantsFrame && !voice.hasSaid)) for (const voice of voices) voice.ask();
          await bell.next();
        }
      }
      yield together(voices);
    }
  } finally {
    for (const voice of voices) voice.close();
    await source.return?.();
  }
}

/** Its strokes between two waits are for the next of them. */
class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async next(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = null;
    this.#rung = false;
  }
}

function refuseFarAhead(voices: readonly Voice[], due: number, given: number): void {
  const silent = voices.find((voice) => !voice.hasSaid);
  if (given - due < mostAhead || !silent) return;
  throw silent.fault(new Error(`it asked for frame ${given} before it said anything of frame ${due}`));
}

function together(voices: readonly Voice[]): MultiFrame {
  const lines = voices.map((voice) => [voice.id, voice.take()] as const);
  const [, first] = lines[0] ?? [];
  if (!first) throw new Error('there is no tool');
  const { frame_index, pts_s } = first;
  return { frame_index, pts_s, ...Object.fromEntries(lines.map(([id, line]) => [id, toOutput(line)])) };
}

/** What it says beside the frame's number and time; both kinds are told apart for the compiler alone. */
function toOutput({ detections }: ToolFrame): ToolOutput {
  return 'xyxy' in detections ? { detections } : { detections };
}
