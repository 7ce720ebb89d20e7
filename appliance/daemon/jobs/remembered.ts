// The last finished jobs that somebody asked for: clients that go on asking are answered from memory.
import type { Job } from '../../contract/job.ts';

const most = 1000;

export class Remembered {
  /** The one asked for last stands last. */
  readonly #jobs = new Map<string, Job>();

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  keep(job: Job): void {
    this.#jobs.delete(job.id);
    this.#jobs.set(job.id, job);
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= most) break;
      this.#jobs.delete(oldest);
    }
  }

  forget(id: string): void {
    this.#jobs.delete(id);
  }
}
