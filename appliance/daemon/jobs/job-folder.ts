// What lies in a job's folder when the job has ended.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { jobFiles } from '../../contract/frame.ts';

/** Whether its worker, or one before it, has left a picture. */
export async function hasPoster(folder: string): Promise<boolean> {
  const { size } = await stat(join(folder, jobFiles.poster)).catch(() => ({ size: 0 })); // a job is whole without one
  return size > 0;
}

/** Takes away what only a worker of the same job could use. Left behind, it does no harm. */
export async function dropWorkFiles(folder: string): Promise<void> {
  for (const name of [jobFiles.checkpointA, jobFiles.checkpointB, jobFiles.mark, jobFiles.delivery]) {
    await rm(join(folder, name), { force: true }).catch(() => undefined); // left behind
  }
}
