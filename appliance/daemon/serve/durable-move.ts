// Moves a file so that a loss of power does not take the move back.
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../record/sync-folder.ts';

/** Into a folder that is made where it is missing; its parent exists. On one file system. On the disk when it returns. */
export async function moveDurably(from: string, to: string): Promise<void> {
  const folder = dirname(to);
  await mkdir(folder, { recursive: true });
  await rename(from, to);
  await syncFolder(folder);
  await syncFolder(dirname(folder));
}
