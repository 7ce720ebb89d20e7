// What a worker made beside its results, in the job's folder: looked at before it is believed, and gone where nothing came of it.
import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import { type Clip, clipFiles, productFiles, type Products } from '../../contract/products.ts';
import { syncFolder } from '../record/sync-folder.ts';

interface Made {
  readonly name: string;
  /** Null: anything but empty. */
  readonly bytes: number | null;
}

/** Names of the files that a worker must have made to say this. Throws Fault worker-lied where two clips are one. */
export function namesOf(products: Products): string[] {
  const names = madeFor(products).map(({ name }) => name);
  if (new Set(names).size < names.length) throw lie('two clips of one number');
  return names;
}

/**
 * Returns when all of them are on the disk, in the size that was told. Throws Fault worker-lied where one is not, or is no
 * file of its own; artifact-failed where the disk does not take it.
 */
export async function verifyProducts(folder: string, products: Products): Promise<void> {
  const made = madeFor(products);
  for (const { name, bytes } of made) {
    const size = await syncedSize(join(folder, name)).catch((cause: unknown) => {
      // ELOOP: open(2) of a link that is not to be followed.
      if (unlike.has(codeOf(cause))) throw lie(`${name}, which is not there`, cause);
      throw diskFault(cause);
    });
    if (size === null) throw lie(`${name}, which is no file`);
    if (bytes === null ? size === 0 : size !== bytes) throw lie(`${name} of ${bytes ?? 'some'} bytes; it has ${size}`);
  }
  if (made.length === 0) return;
  await syncFolder(folder).catch((cause: unknown) => {
    throw diskFault(cause);
  });
}

/** What a program that gets a clip is to know of it, beside each. Throws Fault artifact-failed. */
export async function describeClips(folder: string, { id, sourceName, pluginId, tools, products }: Job): Promise<void> {
  try {
    for (const clip of products.clips) {
      const { video, poster, notes } = clipFiles(clip);
      const files = { file: video, poster_file: clip.poster ? poster : null };
      const told = { job_id: id, source_name: sourceName, plugin_id: pluginId, tools, ...files, ...clip };
      const path = join(folder, notes);
      // Where the worker writes into this folder itself, a link of its making may lie there: neither kept nor followed.
      await rm(path, { force: true, recursive: true });
      const file = await open(path, 'wx');
      try {
        await file.writeFile(`${JSON.stringify(told, null, 2)}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    }
    if (products.clips.length > 0) await syncFolder(folder);
  } catch (cause) {
    throw diskFault(cause);
  }
}

/** Of a job that begins again, or came to nothing. Left behind, they do no harm. */
export async function dropProducts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // gone with all that was in it
  for (const name of names.filter((one) => one === jobFiles.delivery || ofAnnotated.has(one) || ofClip.test(one))) {
    await rm(join(folder, name), { force: true, recursive: true }).catch(() => undefined); // left behind
  }
}

const { annotated, annotatedPictures, annotatedSound } = productFiles;
const ofAnnotated: ReadonlySet<string> = new Set([annotated, annotatedPictures, annotatedSound]);
const ofClip = /^clip-\d{4,}\.(mp4|mkv|jpg|json|part)$/;
const unlike: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'ENXIO']);

function madeFor({ annotated_bytes: bytes, clips }: Products): Made[] {
  return [...(bytes === null ? [] : [{ name: productFiles.annotated, bytes }]), ...clips.flatMap(madeForClip)];
}

function madeForClip(clip: Clip): Made[] {
  const { video, poster } = clipFiles(clip);
  return [{ name: video, bytes: clip.bytes }, ...(clip.poster ? [{ name: poster, bytes: null }] : [])];
}

/** Null for what is no regular file. Neither a link nor a pipe holds it up. */
async function syncedSize(path: string): Promise<number | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) return null;
    await file.datasync();
    return found.size;
  } finally {
    await file.close();
  }
}

function lie(what: string, cause?: unknown): Fault {
  return new Fault('worker-lied', `The worker said that it made ${what}.`, { cause });
}

function diskFault(cause: unknown): Fault {
  return new Fault('artifact-failed', `What was made could not be kept (${codeOf(cause)}).`, { cause });
}
