// What lies in a plugin's folder, as one hash: a folder that was only touched still holds the same plugin.
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { foldersIn, listed } from './plugin-tree.ts';

/** Of larger files, such as models, size and time of change stand for what is in them. */
const mostBytes = 2 ** 18;
const mostFiles = 2000;

/**
 * Hex SHA-256 over names and contents below `folder`, without what the watch passes over, and over which folder it is:
 * workers may still see one that was replaced. Never rejects: files come and go.
 */
export async function contentOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const which = await stat(folder).catch(() => null);
  hash.update(`${which?.dev ?? ''} ${which?.ino ?? ''}\0`);
  const buffer = Buffer.allocUnsafe(mostBytes);
  let left = mostFiles;
  for (const place of await foldersIn(folder)) {
    const names = (await listed(place)).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).sort();
    for (const name of names.slice(0, left)) {
      const file = join(place, name);
      hash.update(`${relative(folder, file)}\0`);
      await addFile(hash, file, buffer);
    }
    left -= Math.min(names.length, left);
  }
  return hash.digest('hex');
}

async function addFile(hash: Hash, file: string, buffer: Buffer): Promise<void> {
  // A pipe has no end to wait for.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (!handle) return; // it has just gone, or is a link to nothing
  try {
    const about = await handle.stat();
    hash.update(`${about.size}\0`);
    if (!about.isFile()) return;
    if (about.size > mostBytes) hash.update(`${about.mtimeMs}\0`);
    else hash.update(buffer.subarray(0, (await handle.read(buffer, 0, mostBytes, 0)).bytesRead));
  } catch {
    hash.update('unreadable\0'); // whether it can be loaded is for the look at it to say
  } finally {
    await handle.close();
  }
}
