// Which steps of a running job are written: few, since the disk is to last.
import type { Job } from '../../contract/job.ts';
import { recordedStep } from '../../contract/progress.ts';

/** Its own jobs go on from their marks. Of those of programs outside the database alone knows: at most 100 writes a job. */
export function isRecorded(before: Job, now: Job): boolean {
  if (now.outside) return now.progress !== before.progress;
  return recordedStep(now.progress ?? 0) > recordedStep(before.progress ?? 0);
}
