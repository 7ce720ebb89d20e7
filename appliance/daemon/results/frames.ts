// Frames of an artifact, parsed: many at a time, few enough that the event loop is free again soon.
import { ResultFrame } from '../../contract/frame.ts';
import { lineBatches } from './lines.ts';

/** Parsing and checking so much takes less than a millisecond, and ten where it is done for the first time. */
const batchBytes = 16 * 1024;

/** Throws where a line is not a frame. `wanted`: others are passed over without being read. */
export async function* frameBatches(
  path: string,
  signal?: AbortSignal,
  wanted: (line: string) => boolean = () => true,
): AsyncGenerator<ResultFrame[], void, undefined> {
  for await (const batch of lineBatches(path, { batchBytes, signal })) {
    yield batch
      .toString()
      .trimEnd()
      .split('\n')
      .filter(wanted)
      .map((line) => ResultFrame.parse(JSON.parse(line)));
  }
}
