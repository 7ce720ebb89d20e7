// The REST calls of the screen. Every refusal becomes a Refusal whose message is a sentence for a person.
import type { JobItem } from '../../../appliance/contract/api.ts';
import type { ModelList, ModelSettingsChange, ModelView } from '../../../appliance/contract/model-api.ts';
import type { Access } from '../state/access.svelte.ts';
import { explain } from './answers.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export class Appliance {
  readonly #origin: string;
  readonly #access: Access;

  /** `origin` such as `http://box:8000`, without a slash at its end. */
  constructor(origin: string, access: Access) {
    this.#origin = origin;
    this.#access = access;
  }

  /** The newest jobs with the five statuses of push, whatever dialect they came in. Throws Refusal. */
  async jobs(limit: number, signal: AbortSignal): Promise<JobItem[]> {
    const answer = await this.#ask(`/v1/jobs?limit=${limit}`, { signal });
    // The contract's own answer, from the same build of the same program: its shape is not checked again here.
    const { jobs } = (await answer.json()) as { jobs: readonly JobItem[] };
    return jobs.map(withCancelled);
  }

  /** Cancels a waiting or running job, removes a finished one. Throws Refusal. */
  async end(jobId: string): Promise<void> {
    await this.#ask(`/v1/jobs/${jobId}`, { method: 'DELETE' });
  }

  /** A failed or cancelled job waits again. Throws Refusal. */
  async retry(jobId: string): Promise<JobItem> {
    const answer = await this.#ask(`/v1/jobs/${jobId}/retry`, { method: 'POST' });
    return (await answer.json()) as JobItem;
  }

  /** Throws Refusal. */
  async models(signal: AbortSignal): Promise<readonly ModelView[]> {
    const answer = await this.#ask('/v1/models', { signal });
    return ((await answer.json()) as ModelList).models;
  }

  /** Jobs that start from now on run on it. Throws Refusal. */
  async useModel(name: string): Promise<void> {
    await this.#ask('/v1/models/default', { method: 'PUT', body: JSON.stringify({ name }) });
  }

  /** Throws Refusal. */
  async configureModel(name: string, change: ModelSettingsChange): Promise<void> {
    await this.#ask(`/v1/models/${encodeURIComponent(name)}`, { method: 'PATCH', body: JSON.stringify(change) });
  }

  /** Of one that was uploaded. Throws Refusal. */
  async removeModel(name: string): Promise<void> {
    await this.#ask(`/v1/models/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }

  /** The bytes behind a link, for a browser that must send a key along. Throws Refusal. */
  async download(path: string): Promise<Blob> {
    return (await this.#ask(path, {})).blob();
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const answer = await this.#fetch(path, init);
    if (answer.ok) return answer;
    if (answer.status === 401) this.#access.refuse();
    const text = await answer.text();
    const { status, headers } = answer;
    throw new Refusal(status, explain({ status, text, retryAfter: headers.get('retry-after') }));
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#origin + path, { ...init, headers: this.#access.headers() });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw new Refusal(0, explain({ status: 0, text: '', retryAfter: null }), { cause });
    }
  }
}

/** REST knows four statuses and shows a cancelled job as failed with this very message. */
function withCancelled(job: JobItem): JobItem {
  return job.status === 'failed' && job.error_message === 'Cancelled' ? { ...job, status: 'cancelled' } : job;
}
