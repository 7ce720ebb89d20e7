// Delivers to a folder of the machine, such as a mounted share: a file has its name only when it is whole.
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { codeOf } from '../../contract/errno.ts';
import type { WrittenTarget } from '../pipelines/book.ts';
import { placeOf } from '../pipelines/place.ts';
import { syncFolder } from '../record/sync-folder.ts';
import { counted } from './counted.ts';
import type { Sending, Target } from './target.ts';
import { Unreached } from './unreached.ts';

type Written = Extract<WrittenTarget, { kind: 'folder' }>;

export class FolderTarget implements Target {
  readonly #written: Written;

  constructor(written: Written) {
    this.#written = written;
  }

  place(jobId: string): string {
    return placeOf(this.#written, jobId);
  }

  async send(sending: Sending): Promise<void> {
    try {
      await this.#write(sending);
    } catch (error) {
      sending.signal.throwIfAborted();
      const code = codeOf(error);
      if (code === '') throw error;
      throw new Unreached(code === 'ENOENT' ? 'its folder is not there' : `its folder reports ${code}`, {
        cause: error,
      });
    }
  }

  close(): void {
    // Nothing stays open between two files.
  }

  async #write({ jobId, file, signal, onBytes }: Sending): Promise<void> {
    const { path } = this.#written;
    await stat(path); // what is not mounted is not made
    const folder = join(path, jobId);
    await mkdir(folder, { recursive: true });
    const draft = join(folder, `.${file.name}.part`);
    try {
      const handle = await open(draft, 'w');
      try {
        const pieces = addAbortSignal(signal, file.open(signal));
        for await (const piece of counted(onBytes)(pieces)) await handle.appendFile(piece);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, join(folder, file.name));
      await syncFolder(folder);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined); // left behind; the next try writes over it
      throw error;
    }
  }
}
