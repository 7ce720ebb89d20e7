// What a job has made for its targets, and what they have got of it: a small file beside it, by which a later life goes on.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, Summary } from '../../contract/frame.ts';
import { Products } from '../../contract/products.ts';
import type { Log } from '../../log.ts';
import { writeDurably } from '../record/write-durably.ts';

const Note = z.object({
  /** Of frames.ndjson, which a later life finds whole by it. */
  bytes: z.number().int().nonnegative(),
  summary: Summary,
  warnings: z.array(z.string()),
  products: Products,
  /** Names of the files, by target. */
  sent: z.record(z.string(), z.array(z.string())),
});
export type DeliveryNote = z.infer<typeof Note>;

type Made = Omit<DeliveryNote, 'bytes' | 'sent'>;

/**
 * To be called when a worker's work is whole on the disk: what is left is its delivery. Throws Fault 'artifact-failed', and
 * 'cancelled' where the signal is aborted: the note is for the next daemon then, or goes with what was made.
 */
export async function handOver(folder: string, made: Made, signal: AbortSignal): Promise<DeliveryNote> {
  const note = await noteMade(folder, made);
  if (signal.aborted) throw new Fault('cancelled', 'Cancelled');
  return note;
}

/** Throws Fault 'artifact-failed'. */
export async function noteMade(folder: string, made: Made): Promise<DeliveryNote> {
  try {
    const { size: bytes } = await stat(join(folder, jobFiles.frames));
    const note = { ...made, bytes, sent: {} };
    await writeNote(folder, note);
    return note;
  } catch (cause) {
    throw new Fault('artifact-failed', `What was made could not be noted (${codeOf(cause)}).`, { cause });
  }
}

export async function writeNote(folder: string, note: DeliveryNote): Promise<void> {
  await writeDurably(join(folder, jobFiles.delivery), JSON.stringify(note));
}

/** Null where there is none that can be read, or the frames are not those that it tells of: all is made anew then. */
export async function readNote(folder: string, log: Log): Promise<DeliveryNote | null> {
  try {
    const note = Note.parse(JSON.parse(await readFile(join(folder, jobFiles.delivery), 'utf8')));
    const { size } = await stat(join(folder, jobFiles.frames));
    return size === note.bytes ? note : null;
  } catch (err) {
    const isMistaken = err instanceof SyntaxError || err instanceof z.ZodError;
    if (codeOf(err) === '' && !isMistaken) throw err;
    if (codeOf(err) !== 'ENOENT') log.warn({ err, folder }, 'note of a delivery cannot be read; all is made anew');
    return null;
  }
}
