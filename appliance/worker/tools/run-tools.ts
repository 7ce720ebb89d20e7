// The tools of one job over one decode of its source: every tool sees every frame, and their lines come out as one.
import type { ResultFrame, ToolFrame } from '../../contract/frame.ts';
import type { Frame } from '../ingest/frames.ts';
import { blamed, checkOrder, checkWhole, endedEarly } from './blame.ts';
import { fanOut } from './fan-out.ts';
import { JointProgress } from './joint-progress.ts';
import type { Recollection, Tool, ToolWork } from './tool.ts';

/** Frames that are handed out one by one. */
interface HandedFrames extends AsyncIterable<Frame, void> {
  /** The last one that was. */
  readonly current: Frame | null;
  /** Whether no frame lies behind it. */
  isOver(): Promise<boolean>;
}

/** As a single tool has it, but for what is each tool's own. */
export interface SharedWork extends Omit<ToolWork, 'frames' | 'memory' | 'remember'> {
  readonly frames: HandedFrames;
  /** Index of the first frame. */
  readonly from: number;
  readonly memoryOf: (tool: string) => unknown;
  readonly remember: (tool: string, recollection: Recollection) => void;
}

/**
 * One line for each frame, in their order: of one tool its own, of several the line of all. Throws what the source
 * throws, and Fault 'tool-failed', which names the tool, where one throws, ends early, or does not yield one line for
 * every frame in order.
 */
export function runTools(tools: readonly [Tool, ...Tool[]], work: SharedWork): AsyncIterable<ResultFrame> {
  const [first, ...others] = tools;
  if (others.length === 0) return runAlone(first, work);
  const progress = new JointProgress(work.onProgress);
  const workOf = (tool: Tool, frames: AsyncIterable<Frame>): ToolWork => {
    const onProgress = (frame: number, total: number | null) => progress.report(tool.id, frame, total);
    return { ...toWork(tool, work, frames), onProgress };
  };
  return fanOut({ tools, frames: work.frames, from: work.from, workOf });
}

async function* runAlone(tool: Tool, work: SharedWork): AsyncGenerator<ToolFrame, void, undefined> {
  const { frames, from } = work;
  const given = () => (frames.current ? frames.current.index + 1 : from);
  let due = from;
  try {
    for await (const line of tool.run(toWork(tool, work, frames))) {
      checkOrder(line, due, given());
      yield line;
      due += 1;
    }
    checkWhole(due, given());
    if (!(await frames.isOver())) throw endedEarly(due);
  } catch (cause) {
    throw blamed(tool, cause);
  }
}

function toWork(tool: Tool, work: SharedWork, frames: AsyncIterable<Frame>): ToolWork {
  const { totalFrames, detect, confidence, onProgress, signal, memoryOf, remember } = work;
  return {
    ...{ frames, totalFrames, detect, confidence, onProgress, signal },
    memory: memoryOf(tool.id),
    remember: (recollection) => remember(tool.id, recollection),
  };
}
