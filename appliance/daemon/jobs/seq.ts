// The number that grows with everything that is told of a job.
import type { Job } from '../../contract/job.ts';

/** The job with something new to tell, now. */
export function stepped(job: Job, change: Partial<Job>): Job {
  const now = Date.now();
  return { ...job, ...change, seq: job.seq + 1, reportedAt: now, updatedAt: Math.max(now, job.updatedAt) };
}

/** What was told and not recorded is older than now: `seq` goes on growing across the restart. */
export function laterSeq({ createdAt, updatedAt }: Job): number {
  return Math.max(Date.now(), updatedAt + 1) - createdAt;
}
