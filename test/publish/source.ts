// Stands where the jobs room stands: jobs in memory and the event stream, told in the order of the real thing.
import type { SystemView } from '../../appliance/contract/api.ts';
import { isFinal, type Job } from '../../appliance/contract/job.ts';
import type { Snapshot } from '../../appliance/daemon/publish/snapshot.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { LogBook } from './log-book.ts';
import { makeJob } from '../support/job.ts';

export class Source {
  readonly book = new LogBook();
  readonly log = this.book.log;
  readonly stream = new EventStream({ log: this.log });
  readonly jobs = new Map<string, Job>();
  system: SystemView = {
    version: '0.1.0',
    node: 'box',
    boot: 'boot-1',
    state: 'ok',
    reasons: [],
    uptime_s: 1,
    model: null,
    mqtt: { mode: 'embedded', connected: true },
    jobs: { pending: 0, running: 0 },
    disk: null,
  };
  readonly snapshot: Snapshot = {
    system: () => this.system,
    job: (id) => this.jobs.get(id),
    newest: (limit) => [...this.jobs.values()].reverse().slice(0, limit),
  };

  /** A new job, told of. */
  create(overrides: Partial<Job> = {}): Job {
    const job = makeJob(overrides);
    this.jobs.set(job.id, job);
    this.stream.emit({ kind: 'job-changed', job });
    return job;
  }

  /** The next frame, or whatever `changes` says; an event of its own each time. */
  progress(id: string, changes: Partial<Job> = {}): Job {
    const job = this.#next(id, changes);
    const moved = { ...job, currentFrame: changes.currentFrame ?? job.currentFrame + 1 };
    this.jobs.set(id, moved);
    this.stream.emit({ kind: 'job-progressed', job: moved });
    return moved;
  }

  change(id: string, changes: Partial<Job>): Job {
    const job = this.#next(id, changes);
    this.jobs.set(id, job);
    this.stream.emit({ kind: 'job-changed', job });
    return job;
  }

  complete(id: string): Job {
    return this.change(id, { status: 'completed', stage: 'completed', progress: 100 });
  }

  remove(id: string): void {
    this.jobs.delete(id);
    this.stream.emit({ kind: 'job-removed', jobId: id });
  }

  tellSystem(changes: Partial<SystemView>): void {
    this.system = { ...this.system, ...changes };
    this.stream.emit({ kind: 'system-changed', system: this.system });
  }

  #next(id: string, changes: Partial<Job>): Job {
    const job = this.jobs.get(id);
    if (!job || isFinal(job.status)) throw new Error(`no job under way: ${id}`);
    return { ...job, ...changes, seq: job.seq + 1, reportedAt: Date.now() };
  }
}
