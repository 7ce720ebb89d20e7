// Reads a job's frames in pieces: many lines at a time, and never half of one.
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../../contract/errno.ts';

export interface ByteRange {
  /** First byte; the start of a line. */
  readonly start: number;
  /** Byte after the last one. */
  readonly end: number;
}

export interface BatchOptions {
  readonly range?: ByteRange | undefined;
  /** Bytes read at a time; a line that is longer makes its batch larger. */
  readonly batchBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const newline = 0x0a;
const comma = 0x2c;

/**
 * Whole lines of an NDJSON file, many at a time, each with its newline. A last line without one is still being
 * written and left out. A file that is not there has no lines.
 */
export async function* lineBatches(path: string, options: BatchOptions = {}): AsyncGenerator<Buffer, void, undefined> {
  const { range, batchBytes = 256 * 1024, signal } = options;
  const handle = await openLines(path);
  if (!handle) return;
  try {
    let position = range?.start ?? 0;
    const end = range?.end ?? (await handle.stat()).size;
    let rest: Buffer = Buffer.alloc(0);
    while (position < end) {
      signal?.throwIfAborted();
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(Math.min(batchBytes, end - position)), {
        position,
      });
      if (bytesRead === 0) break;
      position += bytesRead;
      const read = buffer.subarray(0, bytesRead);
      const cut = read.lastIndexOf(newline) + 1;
      if (cut === 0) {
        rest = Buffer.concat([rest, read]);
        continue;
      }
      yield rest.length === 0 ? read.subarray(0, cut) : Buffer.concat([rest, read.subarray(0, cut)]);
      rest = read.subarray(cut);
    }
  } finally {
    await handle.close();
  }
}

/** The last whole line, without its newline; undefined where there is none. */
export async function lastLine(path: string): Promise<string | undefined> {
  const handle = await openLines(path);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    // A line is seldom longer than the first of these.
    for (let bytes = 64 * 1024; ; bytes *= 4) {
      const position = Math.max(size - bytes, 0);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - position), { position });
      const end = buffer.subarray(0, bytesRead).lastIndexOf(newline);
      const start = end <= 0 ? 0 : buffer.lastIndexOf(newline, end - 1) + 1;
      if (end !== -1 && (start > 0 || position === 0)) return buffer.toString('utf8', start, end);
      if (position === 0) return undefined;
    }
  } finally {
    await handle.close();
  }
}

/** The same lines as elements of a JSON array, without its brackets. JSON text has no newline inside a line. */
export async function* asElements(batches: AsyncIterable<Buffer>): AsyncGenerator<Buffer | string, void, undefined> {
  let first = true;
  for await (const batch of batches) {
    if (!first) yield ',';
    first = false;
    const last = batch.length - 1;
    for (let at = batch.indexOf(newline); at !== -1 && at < last; at = batch.indexOf(newline, at + 1))
      batch[at] = comma;
    yield batch.subarray(0, last);
  }
}

/** Undefined where the file is not there: no frame was found yet. */
export async function openLines(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
