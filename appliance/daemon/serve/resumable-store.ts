// Resumable uploads on the disk: for each one a file of what has come, and a note of what it is to become.
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataStore, Upload } from '@tus/server';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { askAgainBytes, type Space } from './incoming-file.ts';
import { magicBytes, videoType } from './magic.ts';
import { moveDurably } from './durable-move.ts';

export interface ResumableStoreOptions {
  /** Made when it is needed. */
  readonly folder: string;
  readonly space: Space;
  /** How long an upload may stay unfinished. */
  readonly keepMs: number;
  /** Bytes of an upload that has become a job. */
  readonly taken: (id: string) => number | undefined;
  readonly log: Log;
}

const Note = z.object({
  size: z.number().int().nonnegative(),
  metadata: z.record(z.string(), z.string().nullable()),
  made: z.iso.datetime(),
});

/** The store that @tus/server asks. Ids are UUIDs by the time they come here. */
export class ResumableStore extends DataStore {
  override extensions = ['creation', 'termination', 'expiration'];
  readonly #options: ResumableStoreOptions;

  constructor(options: ResumableStoreOptions) {
    super();
    this.#options = options;
  }

  override async create(upload: Upload): Promise<Upload> {
    const made = new Date().toISOString();
    const note = { size: upload.size, metadata: upload.metadata ?? {}, made };
    await this.#options.space.admit(upload.size ?? 0);
    await mkdir(this.#options.folder, { recursive: true });
    await writeFile(this.#part(upload.id), '', { flag: 'wx', mode: 0o600 });
    await writeFile(this.#note(upload.id), JSON.stringify(note), { flag: 'wx', mode: 0o600 });
    upload.creation_date = made;
    return upload;
  }

  /** Throws Fault `video-not-found`. */
  override async getUpload(id: string): Promise<Upload> {
    const taken = this.#options.taken(id);
    if (taken !== undefined) return new Upload({ id, size: taken, offset: taken });
    try {
      const { size, metadata, made } = Note.parse(JSON.parse(await readFile(this.#note(id), 'utf8')));
      const { size: offset } = await stat(this.#part(id));
      return new Upload({ id, size, offset, metadata, creation_date: made });
    } catch (error) {
      // A note that cannot be read was cut short by the end of the daemon or the power.
      if (isAbsent(error) || error instanceof SyntaxError || error instanceof z.ZodError) throw notFound(error);
      throw error;
    }
  }

  override async write(stream: Readable, id: string, offset: number): Promise<number> {
    if (this.#options.taken(id) !== undefined) return offset;
    const { size = 0 } = await this.getUpload(id);
    const { space } = this.#options;
    const claim = {};
    const handle = await open(this.#part(id), 'a');
    try {
      await space.admit(size - offset, claim);
      let end = offset;
      let askAt = offset + askAgainBytes;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (end >= askAt) {
          askAt = end + askAgainBytes;
          await space.admit(size - end, claim);
        }
        await handle.appendFile(chunk);
        end += chunk.length;
      }
      return end;
    } finally {
      space.release(claim);
      await handle.close();
    }
  }

  override async remove(id: string): Promise<void> {
    await this.getUpload(id);
    await this.forget(id);
  }

  override getExpiration(): number {
    return this.#options.keepMs;
  }

  /** Of all that are here, finished or not. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.#options.folder).catch((error: unknown) => {
      if (isAbsent(error)) return []; // the first one makes it
      throw error;
    });
    return [...new Set(names.map((name) => name.replace(/\.\w+$/, '')))];
  }

  async forget(id: string): Promise<void> {
    await rm(this.#note(id), { force: true });
    await rm(this.#part(id), { force: true });
  }

  /**
   * Removes what is too old, or has become a job, and tells how many. `alone`: nobody is about to make one, so that what
   * cannot be read goes too.
   */
  override async deleteExpired(alone = false): Promise<number> {
    let removed = 0;
    for (const id of await this.ids()) {
      const upload = await this.getUpload(id).catch((error: unknown) => {
        if (error instanceof Fault) return undefined;
        throw error;
      });
      const old = Date.now() - Date.parse(upload?.creation_date ?? '') > this.#options.keepMs;
      const useless = upload ? old || this.#options.taken(id) !== undefined : alone;
      if (!useless) continue;
      await this.forget(id);
      removed += 1;
    }
    if (removed > 0) this.#options.log.info({ uploads: removed }, 'old resumable uploads removed');
    return removed;
  }

  /** Of the whole file, by magic bytes; on the disk when it resolves. Throws Fault `invalid-video`. */
  async check(id: string): Promise<string> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.#part(id), 'r+');
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(magicBytes), 0, magicBytes, 0);
      const type = videoType(buffer.subarray(0, bytesRead));
      await handle.datasync();
      return type;
    } finally {
      await handle?.close();
    }
  }

  /** To become a job's input, whose folder is made. On the disk when it returns. */
  async moveTo(input: string, id: string): Promise<void> {
    await moveDurably(this.#part(id), input);
  }

  /** The folder goes with it. Nothing happens where nothing was moved. */
  async moveBack(input: string, id: string): Promise<void> {
    try {
      await rename(input, this.#part(id));
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    await rm(dirname(input), { recursive: true, force: true });
  }

  #part(id: string): string {
    return join(this.#options.folder, `${id}.part`);
  }

  #note(id: string): string {
    return join(this.#options.folder, `${id}.json`);
  }
}

function notFound(cause: unknown): Fault {
  return new Fault('video-not-found', 'There is no such upload', { cause });
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}
