// Where the lines of a growing NDJSON file begin, so that a page far inside it is read without reading all before it.
import type { FileHandle } from 'node:fs/promises';
import { type ByteRange, lineBatches, openLines } from './lines.ts';

/** A mark for so many lines: 32 KB of memory for a million of them. */
const markEvery = 256;
const newline = 0x0a;

export class LineIndex {
  readonly #path: string;
  /** Start of line `n * markEvery`. */
  #marks: number[] = [0];
  #lines = 0;
  /** All before it is counted; the start of a line. */
  #scanned = 0;
  #inode = 0;
  /** Scans wait for each other. */
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Whole lines that are there now; reads only what came since it was last asked. */
  async count(signal?: AbortSignal): Promise<number> {
    const scan = this.#last.then(() => this.#scan(signal));
    this.#last = scan.catch(() => undefined); // told to who asked; the next one begins where this one ended
    await scan;
    return this.#lines;
  }

  /** Bytes of up to `limit` lines from `offset`, among those that were counted. */
  async range(offset: number, limit: number): Promise<ByteRange> {
    const last = Math.min(offset + limit, this.#lines);
    if (offset >= last) return { start: 0, end: 0 };
    return { start: await this.#startOf(offset), end: await this.#startOf(last) };
  }

  async #scan(signal: AbortSignal | undefined): Promise<void> {
    const handle = await openLines(this.#path);
    if (!handle) return this.#reset(0);
    const { size, ino } = await whenDone(handle, () => handle.stat());
    // A job that runs again begins its file anew.
    if (ino !== this.#inode || size < this.#scanned) this.#reset(ino);
    if (size === this.#scanned) return;
    for await (const batch of lineBatches(this.#path, { range: { start: this.#scanned, end: size }, signal })) {
      for (let at = batch.indexOf(newline); at !== -1; at = batch.indexOf(newline, at + 1)) {
        this.#lines += 1;
        if (this.#lines % markEvery === 0) this.#marks.push(this.#scanned + at + 1);
      }
      this.#scanned += batch.length;
    }
  }

  #reset(inode: number): void {
    this.#marks = [0];
    this.#lines = 0;
    this.#scanned = 0;
    this.#inode = inode;
  }

  async #startOf(line: number): Promise<number> {
    if (line === this.#lines) return this.#scanned;
    const start = this.#marks[Math.floor(line / markEvery)] ?? 0;
    let skip = line % markEvery;
    let position = start;
    if (skip === 0) return start;
    for await (const batch of lineBatches(this.#path, {
      range: { start, end: this.#scanned },
      batchBytes: 64 * 1024,
    })) {
      for (let at = batch.indexOf(newline); at !== -1; at = batch.indexOf(newline, at + 1)) {
        skip -= 1;
        if (skip === 0) return position + at + 1;
      }
      position += batch.length;
    }
    return position;
  }
}

async function whenDone<T>(handle: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await handle.close();
  }
}
