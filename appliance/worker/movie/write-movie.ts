// Writes a movie as it was laid, its packets out of the files in which they were gathered.
import { type FileHandle, open } from 'node:fs/promises';
import { type Disk, writeWhole } from '../disk.ts';
import type { Laid } from './layout.ts';

export interface WriteOptions {
  readonly path: string;
  readonly laid: Laid;
  /** Where the packets of each track are. */
  readonly packets: readonly FileHandle[];
  readonly disk: Disk;
  /** Between two pieces, as a follower's scene has it. */
  readonly passage: () => Promise<void> | null;
  readonly signal: AbortSignal;
  /** 0..1 */
  readonly onShare?: (share: number) => void;
}

/** Its bytes. Throws as Disk.write does, or the signal's reason. */
export async function writeMovie(options: WriteOptions): Promise<number> {
  const { path, laid, packets, disk, passage, signal, onShare } = options;
  const file = await disk.write(() => open(path, 'w'));
  let bytes = 0;
  const put = async (chunk: Buffer) => {
    await disk.write(() => writeWhole(file, chunk, bytes));
    bytes += chunk.length;
  };
  try {
    await put(laid.head);
    let done = 0;
    for (const some of gathered(laid.runs)) {
      await passage();
      signal.throwIfAborted();
      const pieces: Buffer[] = [];
      for (const { track, offset, size, head } of some) {
        if (head) pieces.push(head);
        const from = packets[track];
        if (from) pieces.push(await readWhole(from, offset, size));
      }
      await put(Buffer.concat(pieces));
      done += some.length;
      onShare?.(done / laid.runs.length);
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/** A megabyte a write, or a little more. */
function* gathered(runs: Laid['runs']): Generator<Laid['runs']> {
  let some: Laid['runs'][number][] = [];
  let bytes = 0;
  for (const run of runs) {
    some.push(run);
    bytes += run.size;
    if (bytes < 1 << 20) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
}

async function readWhole(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(chunk, at, length - at, position + at);
    if (bytesRead === 0) throw new Error('packets are shorter than what was written');
    at += bytesRead;
  }
  return chunk;
}
