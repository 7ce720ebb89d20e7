// How a job that has ended can run again: by what is left of it on the disk.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, type Mark } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import type { DeliveryNote } from './delivery-note.ts';
import type { Log } from '../../log.ts';
import { readMark } from './mark.ts';
import { leftToDeliver } from './transfers.ts';

interface WayBack {
  /** How far its worker had come. */
  readonly mark: Mark | null;
  /** All is made: only its delivery is left. */
  readonly made: DeliveryNote | null;
  /** What of the job is new. */
  readonly change: Partial<Job>;
}

/** Throws Fault 'outside-job' or 'job-not-retryable'. */
export function mayRetry({ status, outside }: Pick<Job, 'status' | 'outside'>): void {
  if (outside) throw new Fault('outside-job', 'A program outside works on this job, and alone can run it again.');
  if (status === 'failed' || status === 'cancelled') return;
  throw new Fault('job-not-retryable', `Only a failed or cancelled job can run again; this one is ${status}.`);
}

/** `jobs.folder` holds a folder for each job. Throws Fault 'job-not-retryable'. */
export async function wayBack(job: Job, jobs: { readonly folder: string; readonly log: Log }): Promise<WayBack> {
  const folder = join(jobs.folder, job.id);
  const mark = await readMark(folder);
  const made = await leftToDeliver(job, jobs);
  const hasInput = await access(join(folder, jobFiles.input)).then(
    () => true,
    () => false, // whatever the reason, it cannot be read
  );
  if (made || hasInput) return { mark, made, change: {} };
  // It is downloaded once more.
  if (job.sourceUrl !== null) return { mark, made, change: { sourceType: '', sourceBytes: 0 } };
  throw new Fault('job-not-retryable', 'The video of this job is no longer there.');
}
