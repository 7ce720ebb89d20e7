// Takes a finished job away with its files.
import { rm } from 'node:fs/promises';
import { Fault } from '../../contract/fault.ts';
import { isFinal } from '../../contract/job.ts';
import type { Ledger } from './ledger.ts';

/**
 * The row first; where a full disk does not take that, the files make the room for it. `folder`: the job's own. Throws
 * Fault 'data-not-writable', or 'disk-full' where that was not enough.
 */
export async function removeJob(ledger: Pick<Ledger, 'get' | 'remove'>, id: string, folder: string): Promise<void> {
  const files = () => rm(folder, { recursive: true, force: true });
  try {
    ledger.remove(id);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'disk-full') throw error;
    await files();
    const job = ledger.get(id);
    if (!job) throw new Fault('job-not-found', 'Job not found');
    if (isFinal(job.status)) ledger.remove(id);
  }
  await files();
}
