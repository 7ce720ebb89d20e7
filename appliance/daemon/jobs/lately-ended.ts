// The jobs that ended last, for clients that ask every second: from memory.
import { isFinal, type Job } from '../../contract/job.ts';
import type { EventStream } from '../publish/stream.ts';
import type { JobStore } from '../record/job-store.ts';

const most = 20;

export class LatelyEnded {
  readonly #store: Pick<JobStore, 'endedLast'>;
  readonly #unsubscribe: readonly (() => void)[];
  /** The newest end first. Null: to be read anew. */
  #jobs: readonly Job[] | null = null;

  constructor({ store, stream }: { readonly store: Pick<JobStore, 'endedLast'>; readonly stream: EventStream }) {
    this.#store = store;
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#note(job)),
      stream.on('job-removed', ({ jobId }) => {
        if (this.#has(jobId)) this.#jobs = null;
      }),
    ];
  }

  get jobs(): readonly Job[] {
    return (this.#jobs ??= this.#store.endedLast(most));
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  #note(job: Job): void {
    if (!this.#jobs) return;
    // One that runs again leaves a gap.
    if (!isFinal(job.status)) this.#jobs = this.#has(job.id) ? null : this.#jobs;
    else this.#jobs = [job, ...this.#jobs.filter(({ id }) => id !== job.id)].slice(0, most);
  }

  #has(jobId: string): boolean {
    return this.#jobs?.some(({ id }) => id === jobId) ?? false;
  }
}
