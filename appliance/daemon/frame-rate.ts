// How many frames a second all running jobs take together.
import type { Job } from '../contract/job.ts';
import type { EventStream } from './publish/stream.ts';

/** A job that has reported nothing for so long takes none. */
const currentMs = 5000;

export class FrameRate {
  /** As many as run at the same time. */
  readonly #running = new Map<string, Job>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(stream: EventStream) {
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#note(job)),
      stream.on('job-progressed', ({ job }) => this.#note(job)),
      stream.on('job-removed', ({ jobId }) => this.#running.delete(jobId)),
    ];
  }

  /** Frames a second. */
  get now(): number {
    const since = Date.now() - currentMs;
    let sum = 0;
    for (const { held, reportedAt, fps } of this.#running.values()) {
      if (held === null && reportedAt >= since) sum += fps ?? 0;
    }
    return sum;
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #note(job: Job): void {
    if (job.status === 'running') this.#running.set(job.id, job);
    else this.#running.delete(job.id);
  }
}
