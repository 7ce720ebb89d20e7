// The desk that serve is written against, in memory: what Jobs promises, without workers and database.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../appliance/contract/fault.ts';
import type { Job } from '../../appliance/contract/job.ts';
import type { NewJob } from '../../appliance/daemon/jobs/ledger.ts';
import type { JobDesk } from '../../appliance/daemon/serve/job-desk.ts';
import { makeJob } from '../support/job.ts';

export class MemoryDesk implements JobDesk {
  readonly jobs: Job[] = [];
  readonly #folder: string;
  full = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  admit(): void {
    if (this.full) throw new Fault('queue-full', 'The queue is full');
  }

  create(input: NewJob): Job {
    return this.put({ ...input, status: 'pending', stage: 'queued', progress: 0 });
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
