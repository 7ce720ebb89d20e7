// What a person can order for a job: stop it, run it again, remove it, take its results along.
import type { JobItem } from '../../../appliance/contract/api.ts';
import type { Appliance } from '../wire/appliance.ts';
import { Refusal } from '../wire/requests.ts';
import type { Language } from '../words/language.svelte.ts';
import { sentenceOf } from '../words/refusals.ts';
import type { Jobs } from './jobs.svelte.ts';
import type { Question } from './question.svelte.ts';

export interface CommandsOptions {
  readonly appliance: Appliance;
  readonly jobs: Jobs;
  readonly language: Language;
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
    const { t } = this.#options.language;
    const running = job.status === 'running';
    const yes = await this.#options.question.ask({
      title: t('shell.cancel-title', { name: job.source_name }),
      body: t(running ? 'shell.cancel-running' : 'shell.cancel-waiting'),
      yes: t('shell.cancel-yes'),
      no: t(running ? 'shell.let-run' : 'shell.keep'),
    });
    if (yes) await this.#try(() => this.#options.appliance.end(job.job_id));
  }

  /** Of one that failed or was cancelled; it goes on where it was. */
  async retry(job: JobItem): Promise<void> {
    await this.#try(async () => this.#options.jobs.put(await this.#options.appliance.retry(job.job_id)));
  }

  /** True where it is gone. */
  async remove(job: JobItem): Promise<boolean> {
    const { t } = this.#options.language;
    const yes = await this.#options.question.ask({
      title: t('shell.remove-title', { name: job.source_name }),
      body: t('shell.remove-body'),
      yes: t('shell.remove'),
      no: t('shell.keep'),
    });
    if (!yes) return false;
    return this.#try(async () => {
      await this.#options.appliance.end(job.job_id);
      // Push says so too, but not while it is down.
      this.#options.jobs.remove(job.job_id);
    });
  }

  /** `path` and `name` of a result, where a plain link would lack the key. */
  async download(path: string, name: string): Promise<void> {
    await this.#try(async () => this.#options.save(await this.#options.appliance.download(path), name));
  }

  /** Puts a waiting job before another, or to the end. */
  async move(job: JobItem, before: JobItem | null): Promise<void> {
    await this.#try(async () =>
      this.#options.jobs.put(await this.#options.appliance.move(job.job_id, before?.job_id ?? null)),
    );
  }

  dismiss(): void {
    this.problem = null;
  }

  async #try(order: () => Promise<void>): Promise<boolean> {
    try {
      await order();
      this.problem = null;
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problem = sentenceOf(error.refused, this.#options.language);
      return false;
    }
  }
}
