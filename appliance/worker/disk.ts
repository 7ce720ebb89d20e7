// The worker's way to the disk: what does not fit waits for room and is tried again, since nothing found may be lost.
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf } from '../contract/errno.ts';
import { Fault } from '../contract/fault.ts';

export interface DiskOptions {
  /** Aborted with a Fault as its reason: nothing waits for room any more. */
  readonly signal: AbortSignal;
  /** Told when writing begins to wait for room, and with null when it goes on. */
  readonly onHeld: (reason: string | null) => void;
  readonly retryMs?: number;
}

const noRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

export class Disk {
  readonly #options: Required<DiskOptions>;
  #waiting = 0;

  constructor(options: DiskOptions) {
    this.#options = { retryMs: 1000, ...options };
  }

  /**
   * `work` may be called several times. Throws Fault artifact-failed where the disk does not take it for another reason
   * than its room, or the signal's reason while it waits.
   */
  async write<T>(work: () => Promise<T>): Promise<T> {
    const { signal, retryMs } = this.#options;
    let held = false;
    try {
      for (;;) {
        try {
          return await work();
        } catch (cause) {
          const code = codeOf(cause);
          if (!noRoom.has(code)) throw failure(cause);
          if (!held) this.#hold(code);
          held = true;
          await wait(retryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
        }
      }
    } finally {
      if (held) this.#release();
    }
  }

  #hold(code: string): void {
    this.#waiting++;
    if (this.#waiting === 1) this.#options.onHeld(`It waits for room: ${reasons[code] ?? code}.`);
  }

  #release(): void {
    this.#waiting--;
    if (this.#waiting === 0) this.#options.onHeld(null);
  }
}

/** A small file that is written anew each time, in place and whole. `sync`: until it is on the disk. */
export async function overwrite(path: string, content: string | Buffer, sync: 'sync' | 'no sync'): Promise<void> {
  const file = await openInPlace(path);
  try {
    const bytes = Buffer.from(content);
    await writeWhole(file, bytes, 0);
    await file.truncate(bytes.length);
    if (sync === 'sync') await file.sync();
  } finally {
    await file.close();
  }
}

/** At a place of its own, so that a try that found room for a part is repeated over it. */
export async function writeWhole(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at, position + at);
    at += bytesWritten;
  }
}

/** What is in it stays until it is overwritten; made where it is not there. */
export async function openInPlace(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return open(path, 'w+');
  }
}

function failure(cause: unknown): Fault {
  const code = codeOf(cause);
  const reason = reasons[code] ?? `the disk reports ${code || 'an error'}`;
  return new Fault('artifact-failed', `The result could not be written: ${reason}.`, { cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'the folder may not be written',
  ENOENT: 'the folder is gone',
  EIO: 'the disk has an error',
};
