// Writes a job's artifact: one line a frame as frames finish, the summary at the end.
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../contract/fault.ts';
import { jobFiles, type DetectionFrame, type Summary } from '../contract/frame.ts';

export interface Written {
  readonly frames: number;
  readonly bytes: number;
}

/** Lines gather up to this many characters, or this long, before they are written: one write for many frames. */
const fullAt = 64 * 1024;
const staleAfterMs = 500;

/** Every method throws Fault artifact-failed where the disk does not take it. After any throw only close() is of use. */
export class Artifact {
  readonly #directory: string;
  readonly #file: FileHandle;
  #lines = '';
  #frames = 0;
  #bytes = 0;
  #flushedAt = performance.now();

  private constructor(directory: string, file: FileHandle) {
    this.#directory = directory;
    this.#file = file;
  }

  /** `directory` exists; a frames.ndjson of an earlier try is written anew. */
  static async open(directory: string): Promise<Artifact> {
    return new Artifact(directory, await saved(open(join(directory, jobFiles.frames), 'w')));
  }

  /** Returns when the line is in the file or in the bounded buffer in front of it. */
  async append(frame: DetectionFrame): Promise<void> {
    this.#lines += `${JSON.stringify(frame)}\n`;
    this.#frames++;
    if (this.#lines.length >= fullAt || performance.now() - this.#flushedAt >= staleAfterMs) await this.#flush();
  }

  /** Writes the rest and the summary, and returns when both are on the disk, not only in its cache. */
  async finish(summary: Summary): Promise<Written> {
    await this.#flush();
    await saved(this.#file.sync());
    const path = join(this.#directory, jobFiles.summary);
    const file = await saved(open(`${path}.part`, 'w'));
    try {
      await saved(file.writeFile(`${JSON.stringify(summary)}\n`));
      await saved(file.sync());
    } finally {
      await file.close();
    }
    await saved(rename(`${path}.part`, path));
    await saved(syncDirectory(this.#directory));
    return { frames: this.#frames, bytes: this.#bytes };
  }

  /** Keeps what was found so far readable: whole lines only. */
  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#file.close();
    }
  }

  async #flush(): Promise<void> {
    const chunk = Buffer.from(this.#lines);
    this.#lines = '';
    this.#flushedAt = performance.now();
    if (chunk.length === 0) return;
    try {
      await saved(this.#file.appendFile(chunk));
    } catch (fault) {
      // Half a line may have found room.
      await this.#file.truncate(this.#bytes).catch(() => undefined); // the fault says already that the disk fails
      throw fault;
    }
    this.#bytes += chunk.length;
  }
}

/** A rename is on the disk only when its folder is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function saved<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const reason = reasons[code] ?? `the disk reports ${code}`;
    throw new Fault('artifact-failed', `The result could not be written: ${reason}.`, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'the folder may not be written',
  ENOENT: 'the folder is gone',
  EIO: 'the disk has an error',
};
