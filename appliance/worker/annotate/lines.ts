// The lines of frames.ndjson, one after the other.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ResultFrame } from '../../contract/frame.ts';

export async function* linesOf(path: string): AsyncGenerator<ResultFrame, void, undefined> {
  const file = createReadStream(path);
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Infinity })) {
      yield ResultFrame.parse(JSON.parse(line));
    }
  } finally {
    file.destroy();
  }
}
