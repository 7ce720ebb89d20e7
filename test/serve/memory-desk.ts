// The desk that serve is written against, in memory: what Jobs promises, without workers and database.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../appliance/contract/fault.ts';
import type { Job } from '../../appliance/contract/job.ts';
import type { NewJob } from '../../appliance/daemon/jobs/new-job.ts';
import type { Submission } from '../../appliance/daemon/record/job-store.ts';
import type { JobDesk } from '../../appliance/daemon/serve/job-desk.ts';
import { makeJob } from '../support/job.ts';

export class MemoryDesk implements JobDesk {
  readonly jobs: Job[] = [];
  readonly #folder: string;
  readonly #submitted = new Map<string, { readonly jobId: string; readonly sha256: string }>();
  full = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  admit(key?: string): void {
    if (this.full && !(key !== undefined && this.#submitted.has(key)))
      throw new Fault('queue-full', 'The queue is full');
  }

  create(input: NewJob, submission?: Submission): Job {
    const before = submission && this.#submitted.get(submission.key);
    if (before && before.sha256 !== submission.sha256) {
      throw new Fault('idempotency-conflict', 'This Idempotency-Key came before with other content');
    }
    const known = before && this.get(before.jobId);
    if (known) return known;
    if (submission) this.#submitted.set(submission.key, { jobId: input.id, sha256: submission.sha256 });
    return this.put({ ...input, status: 'pending', stage: 'queued', progress: 0 });
  }

  move(id: string, before: string | null): Job {
    const job = this.get(id);
    const other = before === null ? job : this.get(before);
    if (!job || !other) throw new Fault('job-not-found', 'Job not found');
    if (job.status !== 'pending' || other.status !== 'pending')
      throw new Fault('job-not-pending', 'Only a job that waits can be moved');
    const moved: Job = { ...job, queueRank: other.queueRank + (before === null ? 1 : -1) };
    this.jobs[this.jobs.indexOf(job)] = moved;
    return moved;
  }

  retry(id: string): Promise<Job> {
    const at = this.jobs.findIndex((job) => job.id === id);
    const job = this.jobs[at];
    if (!job) return Promise.reject(new Fault('job-not-found', 'Job not found'));
    if (job.status !== 'failed' && job.status !== 'cancelled') {
      return Promise.reject(
        new Fault('job-not-retryable', `The job is ${job.status}: only failed or cancelled ones run again`),
      );
    }
    const again: Job = { ...job, status: 'pending', stage: 'queued', error: null, completedAt: null };
    this.jobs[at] = again;
    return Promise.resolve(again);
  }

  put(overrides: Partial<Job>): Job {
    const job = makeJob(overrides);
    mkdirSync(join(this.#folder, job.id), { recursive: true });
    this.jobs.unshift(job);
    return job;
  }

  get(id: string): Job | undefined {
    return this.jobs.find((job) => job.id === id);
  }

  list({ limit, skip, statuses }: Parameters<JobDesk['list']>[0]): ReturnType<JobDesk['list']> {
    const fitting = this.jobs.filter(({ status }) => statuses?.includes(status) ?? true);
    return { jobs: fitting.slice(skip, skip + limit), total: fitting.length };
  }

  async remove(id: string): Promise<'cancelled' | 'deleted'> {
    const at = this.jobs.findIndex((job) => job.id === id);
    if (at === -1) throw new Fault('job-not-found', 'Job not found');
    const [job] = this.jobs.splice(at, 1);
    await rm(join(this.#folder, id), { recursive: true, force: true });
    return job?.status === 'running' ? 'cancelled' : 'deleted';
  }
}
