// Frames of an artifact, parsed: many at a time, few enough that the event loop is free again soon.
import { ResultFrame } from '../../contract/frame.ts';
import { lineBatches } from './lines.ts';

/** Parsing and checking so much takes a few milliseconds. */
const batchBytes = 64 * 1024;

/** Throws where a line is not a frame. */
export async function* frameBatches(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<ResultFrame[], void, undefined> {
  for await (const batch of lineBatches(path, { batchBytes, signal })) {
    yield batch
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => ResultFrame.parse(JSON.parse(line)));
  }
}
