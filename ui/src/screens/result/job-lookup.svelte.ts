// The job that a screen is about: live while the kiosk follows it, else as the appliance answered.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { Jobs } from '../../state/jobs.svelte.ts';
import type { Refused } from '../../wire/answers.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { Refusal } from '../../wire/requests.ts';

export interface JobLookupOptions {
  readonly id: string;
  readonly appliance: Pick<Appliance, 'job'>;
  readonly jobs: Jobs;
}

export class JobLookup {
  readonly id: string;
  /** Why it is not there; null while it is, or is on its way. */
  problem: Refused | null = $state.raw(null);
  #asked: JobItem | null = $state.raw(null);
  readonly #jobs: Jobs;
  readonly #live: JobItem | null = $derived.by(() => this.#jobs.get(this.id) ?? null);
  /** True while it is among those that the kiosk follows. */
  readonly followed: boolean = $derived(this.#live !== null);
  /** Null while it is not known. */
  readonly job: JobItem | null = $derived(this.problem === null ? (this.#live ?? this.#asked) : this.#live);

  readonly #appliance: JobLookupOptions['appliance'];
  #asking: AbortController | null = null;

  constructor({ id, appliance, jobs }: JobLookupOptions) {
    this.id = id;
    this.#appliance = appliance;
    this.#jobs = jobs;
  }

  async ask(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const job = await this.#appliance.job(this.id, asking.signal);
      if (asking.signal.aborted) return;
      this.#asked = job;
      this.problem = null;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.refused;
    }
  }

  close(): void {
    this.#asking?.abort();
  }
}
