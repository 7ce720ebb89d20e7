// How far a job had come when its worker or its daemon went away.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jobFiles, Mark } from '../../contract/frame.ts';

/** Null where no worker has begun with it. */
export async function readMark(folder: string): Promise<Mark | null> {
  try {
    return Mark.parse(JSON.parse(await readFile(join(folder, jobFiles.mark), 'utf8')));
  } catch {
    return null; // not there, empty, or torn by a power cut: the row says what is known
  }
}
