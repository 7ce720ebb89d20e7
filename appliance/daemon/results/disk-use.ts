// What a job holds on the disk.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../contract/errno.ts';

/** Bytes of all files in a job's folder; 0 where it is not there. Takes one of the few threads that Node has for files. */
export async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of (await readdir(folder).catch(gone)) ?? []) {
    const found = await lstat(join(folder, name)).catch(gone);
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}

/** Files come and go while they are counted. */
function gone(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
