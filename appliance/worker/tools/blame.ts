// What is a tool's failure, and how it is told: with its name.
import { Fault } from '../../contract/fault.ts';
import type { ToolFrame } from '../../contract/frame.ts';
import type { Tool } from './tool.ts';

/** What a tool throws, other than a Fault, is its failure and not the worker's. */
export function blamed({ id }: Pick<Tool, 'id'>, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Fault('tool-failed', `The tool ${id} failed: ${reason}`, { cause });
}

/** Throws where the line is not that of the frame that is due. `given`: index of the first frame that the tool has not had. */
export function checkOrder({ frame_index: index }: ToolFrame, due: number, given: number): void {
  if (index !== due) throw new Error(`its line of frame ${index} came where that of frame ${due} was due`);
  if (index >= given) throw new Error(`its line of frame ${index} came before the frame`);
}

/** The tool has ended: throws where frames that it has had have no line. */
export function checkWhole(due: number, given: number): void {
  if (due < given) throw new Error(`it ended without a line of frame ${due}`);
}

export function endedEarly(due: number): Error {
  return new Error(`it ended before frame ${due}, and the source goes on`);
}
