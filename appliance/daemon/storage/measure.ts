// Bytes, as the file system tells them.
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../contract/errno.ts';

/** Bytes that are free for a program without privileges. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Bytes of the whole file system, as far as a program without privileges may fill it. */
export async function sizeOf(folder: string): Promise<number> {
  const { blocks, bfree, bavail, bsize } = await statfs(folder);
  return (blocks - (bfree - bavail)) * bsize;
}

/** Bytes of each file in a folder, by name. None where it is not there. Takes one thread: one file after the other. */
export async function filesOf(folder: string): Promise<Map<string, number>> {
  const files = new Map<string, number>();
  for (const name of (await readdir(folder).catch(nothing)) ?? []) {
    const stats = await lstat(join(folder, name)).catch(nothing);
    if (stats?.isFile()) files.set(name, stats.size);
  }
  return files;
}

/** Bytes of all files in a folder and in those below it, counted the same way. */
export async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(nothing)) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesOf(path);
    else if (entry.isFile()) bytes += (await lstat(path).catch(nothing))?.size ?? 0;
  }
  return bytes;
}

/** Files come and go while they are counted. */
function nothing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
