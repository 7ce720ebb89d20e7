// What serve needs of the jobs: the narrow side of the Jobs class that answers to HTTP.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { NewJob } from '../jobs/new-job.ts';
import type { JobQuery, Submission } from '../record/job-store.ts';

export interface JobDesk {
  /** Throws Fault `queue-full`. Asked before a body is read. `key`: one that has its job needs no place for another. */
  admit(key?: string): void;
  /**
   * The input file already lies at `<jobs folder>/<id>/input`. A submission that was here before has its job already,
   * which comes back in place of a new one. Throws Fault `idempotency-conflict` where only the key was here before.
   */
  create(input: NewJob, submission?: Submission): Job;
  /** From memory for live jobs, else one indexed row. */
  get(id: string): Job | undefined;
  list(query: JobQuery): { readonly jobs: readonly Job[]; readonly total: number };
  /** Cancels a pending or running job, deletes a finished one. Throws Fault `job-not-found`. */
  remove(id: string): Promise<'cancelled' | 'deleted'>;
  /**
   * A waiting job goes in front of `before`; null: behind all. Throws Fault `job-not-found`, or `job-not-pending` where
   * either does not wait.
   */
  move(id: string, before: string | null): Job;
  /** A failed or cancelled job runs again as the same id. Throws Fault `job-not-found` or `job-not-retryable`. */
  retry(id: string): Promise<Job>;
}

/** Throws Fault `job-not-found`. */
export function foundJob(desk: Pick<JobDesk, 'get'>, id: string): Job {
  const job = desk.get(id);
  if (!job) throw new Fault('job-not-found', 'Job not found');
  return job;
}

/** One whose results can be read. Throws Fault `job-not-found`, `job-not-completed`, or `outside-job`: they are not here. */
export function completedJob(desk: Pick<JobDesk, 'get'>, id: string): Job {
  const job = foundJob(desk, id);
  if (job.status !== 'completed') throw new Fault('job-not-completed', 'Job not completed');
  if (job.outside) throw new Fault('outside-job', 'A program outside worked on this job: its results are not here');
  return job;
}
