// What a person can order for a job: stop it, run it again, remove it, take its results along.
import type { JobItem } from '../../../appliance/contract/api.ts';
import { type Appliance, Refusal } from '../wire/appliance.ts';
import type { Jobs } from './jobs.svelte.ts';
import type { Question } from './question.svelte.ts';

export interface CommandsOptions {
  readonly appliance: Appliance;
  readonly jobs: Jobs;
  readonly question: Question;
  /** Hands a file to the person. */
  readonly save: (content: Blob, name: string) => void;
}

export class Commands {
  /** Why the last order failed, as a sentence; null once it was dismissed or another order worked. */
  problem = $state<string | null>(null);

  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  async cancel(job: JobItem): Promise<void> {
    const running = job.status === 'running';
    const yes = await this.#options.question.ask({
      title: `Cancel ${job.source_name}?`,
      body: running ? 'What was found so far stays, and it can be taken up again.' : 'It leaves the queue unanalysed.',
      yes: 'Cancel the job',
      no: running ? 'Let it run' : 'Keep it',
    });
    if (yes) await this.#try(() => this.#options.appliance.end(job.job_id));
  }

  /** Of one that failed or was cancelled; it goes on where it was. */
  async retry(job: JobItem): Promise<void> {
    await this.#try(async () => this.#options.jobs.put(await this.#options.appliance.retry(job.job_id)));
  }

  async remove(job: JobItem): Promise<void> {
    const yes = await this.#options.question.ask({
      title: `Remove ${job.source_name}?`,
      body: 'The video and everything found in it are deleted from this appliance.',
      yes: 'Remove',
      no: 'Keep it',
    });
    if (!yes) return;
    await this.#try(async () => {
      await this.#options.appliance.end(job.job_id);
      // Push says so too, but not while it is down.
      this.#options.jobs.remove(job.job_id);
    });
  }

  /** `path` and `name` of a result, where a plain link would lack the key. */
  async download(path: string, name: string): Promise<void> {
    await this.#try(async () => this.#options.save(await this.#options.appliance.download(path), name));
  }

  dismiss(): void {
    this.problem = null;
  }

  async #try(order: () => Promise<void>): Promise<void> {
    try {
      await order();
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.message;
    }
  }
}
