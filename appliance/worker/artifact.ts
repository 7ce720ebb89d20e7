// Writes a job's artifact: one line a frame as frames finish, the summary at the end.
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { jobFiles, type ResultFrame, type Summary } from '../contract/frame.ts';
import { type Disk, openInPlace, overwrite, writeWhole } from './disk.ts';

export interface Written {
  readonly frames: number;
  readonly bytes: number;
}

export interface ArtifactOptions {
  /** It exists. */
  readonly directory: string;
  /** Of what an earlier worker left, so much is kept and continued; what lies behind it is cut off. */
  readonly kept: Written;
  readonly disk: Disk;
}

/** Lines gather up to this many characters, or this long, before they are written: one write for many frames. */
const fullAt = 64 * 1024;
const staleAfterMs = 500;

/**
 * Methods wait for room on a full disk, and throw Fault artifact-failed where it does not take them for another reason.
 * After any throw only close() is of use.
 */
export class Artifact {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #file: FileHandle;
  #lines = '';
  #frames: number;
  /** In the file; those in `#lines` come behind them. */
  #bytes: number;
  #flushedAt = performance.now();

  private constructor({ directory, kept, disk }: ArtifactOptions, file: FileHandle) {
    this.#directory = directory;
    this.#disk = disk;
    this.#file = file;
    this.#frames = kept.frames;
    this.#bytes = kept.bytes;
  }

  static async open(options: ArtifactOptions): Promise<Artifact> {
    const { directory, kept, disk } = options;
    const file = await disk.write(() => openInPlace(join(directory, jobFiles.frames)));
    await disk.write(() => file.truncate(kept.bytes));
    return new Artifact(options, file);
  }

  /** Returns when the line is in the file or in the bounded buffer in front of it. */
  async append(frame: ResultFrame): Promise<void> {
    this.#lines += `${JSON.stringify(frame)}\n`;
    this.#frames++;
    if (this.#lines.length >= fullAt || performance.now() - this.#flushedAt >= staleAfterMs) await this.flush();
  }

  /** All lines into the file; how much they are. */
  async flush(): Promise<Written> {
    const chunk = Buffer.from(this.#lines);
    this.#flushedAt = performance.now();
    if (chunk.length > 0) {
      await this.#disk.write(() => writeWhole(this.#file, chunk, this.#bytes));
      this.#lines = '';
      this.#bytes += chunk.length;
    }
    return { frames: this.#frames, bytes: this.#bytes };
  }

  /** What was flushed, onto the disk and not only into its cache. */
  async sync(): Promise<void> {
    await this.#disk.write(() => this.#file.datasync());
  }

  /** Writes the rest and the summary, and returns when both are on the disk. */
  async finish(summary: Summary): Promise<Written> {
    const written = await this.flush();
    await this.sync();
    const path = join(this.#directory, jobFiles.summary);
    await this.#disk.write(() => overwrite(path, `${JSON.stringify(summary)}\n`, 'sync'));
    await this.#disk.write(() => syncDirectory(this.#directory));
    return written;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** A file that was made is on the disk only when its folder is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
