// Where a path inside an import folder really leads. Sticks come from anywhere: what is on them must lead nowhere else.
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';

/** A component that a plain path has: no way up, no empty one, no byte that ends a name. */
const plain = /^(?!\.{1,2}$)[^\0/]+$/;

/**
 * Real path of `path` inside `root`; '' is the root itself. No component on the way may lead outside, behind a link
 * either. Throws Fault 'import-not-found'.
 */
export async function placeOf(root: string, path: string): Promise<string> {
  const parts = path === '' ? [] : path.split('/');
  if (!parts.every((part) => plain.test(part))) throw notFound(path);
  try {
    const real = await realpath(root);
    let place = real;
    for (const part of parts) {
      place = await realpath(join(place, part));
      if (!isInside(place, real)) throw notFound(path);
    }
    return place;
  } catch (error) {
    throw isAway(error) ? notFound(path, error) : error;
  }
}

/**
 * A regular file inside the folder, for reading. What it became between the look and the opening is looked at again
 * through the open file. Throws Fault 'import-not-found'.
 */
export async function openPlace(
  root: string,
  path: string,
): Promise<{ readonly file: FileHandle; readonly bytes: number }> {
  const place = await placeOf(root, path);
  let file: FileHandle;
  try {
    // Not blocking: a pipe that nobody writes to would hold the opener for good.
    file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw isAway(error) ? notFound(path, error) : error;
  }
  try {
    const seen = await file.stat();
    const led = await readlink(`/proc/self/fd/${file.fd}`);
    if (!seen.isFile() || !isInside(led, await realpath(root))) throw notFound(path);
    return { file, bytes: seen.size };
  } catch (error) {
    await file.close();
    throw isAway(error) ? notFound(path, error) : error;
  }
}

function isInside(place: string, root: string): boolean {
  return place === root || place.startsWith(root.endsWith(sep) ? root : root + sep);
}

/**
 * Whatever the system says of a place on a stick that is damaged, pulled out or not to be read is news of the stick; for
 * want of the daemon's own it is not.
 */
function isAway(error: unknown): boolean {
  if (error instanceof Fault || !(error instanceof Error) || !('syscall' in error)) return false;
  return !['EMFILE', 'ENFILE', 'ENOMEM'].includes(codeOf(error));
}

function notFound(path: string, cause?: unknown): Fault {
  if (path === '')
    return new Fault('import-not-found', 'This folder is not there. Is the stick plugged in?', { cause });
  const why = codeOf(cause) === 'EACCES' || codeOf(cause) === 'EPERM' ? 'may not be read' : 'is not there';
  return new Fault('import-not-found', `"${path.slice(0, 200)}" ${why} in this folder.`, { cause });
}
