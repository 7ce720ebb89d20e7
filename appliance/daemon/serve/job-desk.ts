// What serve needs of the jobs: the narrow side of the Jobs class that answers to HTTP.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { JobQuery, NewJob } from '../jobs/ledger.ts';

export interface JobDesk {
  /** Throws Fault `queue-full`. Asked before a body is read. */
  admit(): void;
  /** The input file already lies at `<jobs folder>/<id>/input`. */
  create(input: NewJob): Job;
  /** From memory for live jobs, else one indexed row. */
  get(id: string): Job | undefined;
  list(query: JobQuery): { readonly jobs: readonly Job[]; readonly total: number };
  /** Cancels a pending or running job, deletes a finished one. Throws Fault `job-not-found`. */
  remove(id: string): Promise<'cancelled' | 'deleted'>;
}

/** Throws Fault `job-not-found`. */
export function foundJob(desk: JobDesk, id: string): Job {
  const job = desk.get(id);
  if (!job) throw new Fault('job-not-found', 'Job not found');
  return job;
}
