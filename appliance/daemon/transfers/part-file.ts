// An input on its way in: what has come of it lies on the disk, with a note by which the rest of the same file can be asked for.
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { jobFiles } from '../../contract/frame.ts';
import { writeDurably } from '../record/write-durably.ts';
import { moveDurably } from '../serve/durable-move.ts';
import { magicBytes } from '../serve/magic.ts';

const Note = z.object({
  /** For If-Range: a strong ETag, or the time of the last change; null: the rest cannot be asked for. */
  validator: z.string().nullable(),
  /** Bytes of the whole file; null where the server does not say. */
  total: z.number().int().nonnegative().nullable(),
  /** Bytes that a loss of power does not take back. */
  safe: z.number().int().nonnegative(),
});
type Note = z.infer<typeof Note>;

/** What comes is made safe after so many bytes. */
const safeStep = 16 * 1024 * 1024;
const unknown: Note = { validator: null, total: null, safe: 0 };

/** MIME type by the first bytes; throws the Fault that refuses them. */
export type Identify = (head: Buffer) => string;

export class PartFile {
  readonly #folder: string;
  readonly #handle: FileHandle;
  readonly #kindOf: Identify;
  #note: Note;
  #bytes: number;
  /** MIME type; empty until its head has come. */
  #type = '';

  private constructor(folder: string, handle: FileHandle, note: Note, identify: Identify) {
    this.#folder = folder;
    this.#handle = handle;
    this.#kindOf = identify;
    this.#note = note;
    this.#bytes = note.safe;
  }

  /** With what has come before. The folder is made where it is missing. */
  static async open(folder: string, identify: Identify): Promise<PartFile> {
    await mkdir(folder, { recursive: true });
    const note = await readNote(folder);
    const handle = await open(join(folder, jobFiles.part), 'a+', 0o600);
    try {
      const { size } = await handle.stat();
      const safe = note.validator === null || size < note.safe ? 0 : note.safe;
      await handle.truncate(safe);
      return new PartFile(folder, handle, safe === 0 ? unknown : note, identify);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get total(): number | null {
    return this.#note.total;
  }

  get validator(): string | null {
    return this.#note.validator;
  }

  get isWhole(): boolean {
    return this.#note.total !== null && this.#bytes === this.#note.total;
  }

  /** From the first byte on, of a file that is known by this from now on. */
  async begin(known: Pick<Note, 'validator' | 'total'>): Promise<void> {
    await this.#handle.truncate(0);
    this.#bytes = 0;
    this.#type = '';
    this.#note = { ...known, safe: 0 };
  }

  /** Throws as `identify` does, as soon as the head is there. */
  async append(chunk: Buffer): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= magicBytes) await this.#identify();
    if (this.#bytes - this.#note.safe >= safeStep) await this.secure();
  }

  /** A later daemon goes on from here. */
  async secure(): Promise<void> {
    if (this.#note.validator === null || this.#bytes === this.#note.safe) return;
    await this.#handle.datasync();
    this.#note = { ...this.#note, safe: this.#bytes };
    await writeDurably(join(this.#folder, jobFiles.download), JSON.stringify(this.#note));
  }

  /** It becomes the job's input, on the disk when this resolves. Throws as `identify` does. */
  async finish(): Promise<{ readonly bytes: number; readonly type: string }> {
    await this.#identify();
    await this.#handle.datasync();
    await moveDurably(join(this.#folder, jobFiles.part), join(this.#folder, jobFiles.input));
    await rm(join(this.#folder, jobFiles.download), { force: true });
    this.#note = unknown; // there is nothing to make safe any more
    return { bytes: this.#bytes, type: this.#type };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #identify(): Promise<void> {
    if (this.#type !== '') return;
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(magicBytes), 0, magicBytes, 0);
    this.#type = this.#kindOf(buffer.subarray(0, bytesRead));
  }
}

/** What has come of it goes. */
export async function dropPart(folder: string): Promise<void> {
  for (const name of [jobFiles.part, jobFiles.download]) await rm(join(folder, name), { force: true });
}

/** An input that came whole, and its job was not told; null where there is none. Throws as `identify` does. */
export async function arrived(
  folder: string,
  identify: Identify,
): Promise<{ readonly bytes: number; readonly type: string } | null> {
  const handle = await open(join(folder, jobFiles.input)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(magicBytes), 0, magicBytes, 0);
    return { bytes: (await handle.stat()).size, type: identify(buffer.subarray(0, bytesRead)) };
  } finally {
    await handle.close();
  }
}

async function readNote(folder: string): Promise<Note> {
  try {
    return Note.parse(JSON.parse(await readFile(join(folder, jobFiles.download), 'utf8')));
  } catch (error) {
    // Absent, or none: the file begins anew.
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return unknown;
    throw error;
  }
}
