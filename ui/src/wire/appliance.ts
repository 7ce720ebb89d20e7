// The REST calls of the screen. The answers are the contract's own, from the same build: their shape is not checked again.
import type { JobItem } from '../../../appliance/contract/api.ts';
import type { ResultFrame } from '../../../appliance/contract/frame.ts';
import type { HistoryPage } from '../../../appliance/contract/history-api.ts';
import type { ImportListing, ImportRequest, Imports } from '../../../appliance/contract/import-api.ts';
import type { ModelList, ModelSettingsChange, ModelSight } from '../../../appliance/contract/model-api.ts';
import type { PipelineView } from '../../../appliance/contract/pipeline-api.ts';
import type { PluginView } from '../../../appliance/contract/plugin-api.ts';
import type { PluginManifest } from '../../../appliance/contract/plugins.ts';
import type { SubmitUrlRequest } from '../../../appliance/contract/submit-api.ts';
import type { SettingsChange, SettingsView } from '../../../appliance/contract/settings-api.ts';
import type {
  Addresses,
  BackupList,
  BackupView,
  Health,
  LogTail,
  VitalsHistory,
} from '../../../appliance/contract/system-api.ts';
import type { Timeline } from '../../../appliance/contract/timeline.ts';
import type { DeadMessage, WebhookView } from '../../../appliance/contract/webhook-api.ts';
import type { Access } from '../state/access.svelte.ts';
import type { Operator } from '../state/operator.svelte.ts';
import { Requests } from './requests.ts';

/** Of `GET /v1/history`; what is left out does not narrow it. Times: ISO 8601. */
export interface HistoryQuery {
  readonly limit: number;
  readonly skip: number;
  readonly q?: string;
  readonly status?: readonly string[];
  readonly model?: string;
  readonly class?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface BulkEntry {
  readonly job_id: string;
  readonly status: 'deleted' | 'cancelled' | 'not-found' | 'failed';
  readonly detail: string | null;
}

/** Every method throws Refusal. */
export class Appliance {
  readonly #operator: Operator;
  readonly #requests: Requests;

  /** `origin` such as `http://box:8000`, without a slash at its end. */
  constructor(origin: string, access: Access, operator: Operator) {
    this.#operator = operator;
    this.#requests = new Requests(origin, access, operator);
  }

  /** Lets this browser's pictures, videos and links in, which cannot bring a key along. */
  async openSession(): Promise<void> {
    await this.#requests.ask('/v1/session', { method: 'POST' });
  }

  /** The newest jobs and all that are alive, as push tells them, with its five statuses. */
  async jobs(limit: number, signal: AbortSignal): Promise<JobItem[]> {
    const asked = [`limit=${limit}`, 'limit=100&status=running', 'limit=100&status=pending'];
    const pages = await Promise.all(
      asked.map((query) => this.#requests.json<{ jobs: readonly JobItem[] }>(`/v1/jobs?${query}`, { signal })),
    );
    const all = pages.flatMap(({ jobs }) => jobs).map(withCancelled);
    return [...new Map(all.map((job) => [job.job_id, job])).values()];
  }

  async job(jobId: string, signal?: AbortSignal): Promise<JobItem> {
    return withCancelled(await this.#requests.json<JobItem>(`/v1/jobs/${jobId}`, signal ? { signal } : {}));
  }

  /** Cancels a waiting or running job, removes a finished one. */
  async end(jobId: string): Promise<void> {
    await this.#requests.ask(`/v1/jobs/${jobId}`, { method: 'DELETE' });
  }

  /** A failed or cancelled job waits again. */
  retry(jobId: string): Promise<JobItem> {
    return this.#requests.json(`/v1/jobs/${jobId}/retry`, { method: 'POST' });
  }

  /** A waiting job; `before` null: to the end of the queue. */
  move(jobId: string, before: string | null): Promise<JobItem> {
    return this.#requests.json(`/v1/jobs/${jobId}/move`, { method: 'POST', body: JSON.stringify({ before }) });
  }

  /** At most 1000 at a time. */
  async frames(jobId: string, offset: number, limit: number, signal: AbortSignal): Promise<readonly ResultFrame[]> {
    const path = `/v1/jobs/${jobId}/frames?offset=${offset}&limit=${limit}`;
    return (await this.#requests.json<{ frames: readonly ResultFrame[] }>(path, { signal })).frames;
  }

  /** Null for a span: all of it, in seconds. `tool`: of a job with several, the one whose findings are counted. */
  timeline(
    jobId: string,
    bins: number,
    span: readonly [number, number] | null,
    signal: AbortSignal,
    tool: string | null = null,
  ): Promise<Timeline> {
    const part = span === null ? '' : `&from=${span[0]}&to=${span[1]}`;
    const whose = tool === null ? '' : `&tool=${encodeURIComponent(tool)}`;
    return this.#requests.json(`/v1/jobs/${jobId}/timeline?bins=${bins}${part}${whose}`, { signal });
  }

  history({ status = [], ...query }: HistoryQuery, signal: AbortSignal): Promise<HistoryPage> {
    const asked = new URLSearchParams(status.map((one): [string, string] => ['status', one]));
    for (const [name, value] of Object.entries(query)) asked.set(name, String(value));
    return this.#requests.json(`/v1/history?${asked.toString()}`, { signal });
  }

  /** Of finished jobs, at most 500 at a time. */
  async removeAll(jobIds: readonly string[]): Promise<readonly BulkEntry[]> {
    const body = JSON.stringify({ job_ids: jobIds });
    return (
      await this.#requests.json<{ results: readonly BulkEntry[] }>('/v1/history/delete', { method: 'POST', body })
    ).results;
  }

  models(signal: AbortSignal): Promise<ModelList> {
    return this.#requests.json('/v1/models', { signal });
  }

  /** Jobs that start from now on run on it. */
  async useModel(name: string): Promise<void> {
    await this.#requests.ask('/v1/models/default', { method: 'PUT', body: JSON.stringify({ name }) });
  }

  async configureModel(name: string, change: ModelSettingsChange): Promise<void> {
    await this.#requests.ask(`/v1/models/${encodeURIComponent(name)}`, {
      method: 'PATCH',
      body: JSON.stringify(change),
    });
  }

  /** Of one that was uploaded. */
  async removeModel(name: string): Promise<void> {
    await this.#requests.ask(`/v1/models/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }

  /** `picture`: a PNG or JPEG. */
  checkModel(name: string, picture: Blob, signal: AbortSignal): Promise<ModelSight> {
    const form = new FormData();
    form.append('file', picture, 'picture');
    return this.#requests.json(`/v1/models/${encodeURIComponent(name)}/check`, { method: 'POST', body: form, signal });
  }

  imports(signal: AbortSignal): Promise<Imports> {
    return this.#requests.json('/v1/imports', { signal });
  }

  importFiles(folder: string, path: string, signal: AbortSignal): Promise<ImportListing> {
    const asked = new URLSearchParams({ path }).toString();
    return this.#requests.json(`/v1/imports/${encodeURIComponent(folder)}/files?${asked}`, { signal });
  }

  beginImport(request: ImportRequest): Promise<Imports> {
    return this.#requests.json('/v1/imports', { method: 'POST', body: JSON.stringify(request) });
  }

  async endImport(id: string): Promise<void> {
    await this.#requests.ask(`/v1/imports/${id}`, { method: 'DELETE' });
  }

  /** `key`: the same one with the same request makes no second job. */
  async submitUrl(request: SubmitUrlRequest, key: string): Promise<string> {
    const init = { method: 'POST', body: JSON.stringify(request), headers: { 'Idempotency-Key': key } };
    return (await this.#requests.json<{ job_id: string }>('/v1/jobs', init)).job_id;
  }

  async pipelines(signal: AbortSignal): Promise<readonly PipelineView[]> {
    return (await this.#requests.json<{ pipelines: readonly PipelineView[] }>('/v1/pipelines', { signal })).pipelines;
  }

  plugins(signal: AbortSignal): Promise<readonly PluginView[]> {
    return this.#requests.json('/v1/plugins', { signal });
  }

  manifest(plugin: string, signal: AbortSignal): Promise<PluginManifest> {
    return this.#requests.json(`/v1/plugins/${encodeURIComponent(plugin)}/manifest`, { signal });
  }

  /** Of one from outside: jobs that start from now on run its code as it is now. */
  reloadPlugin(name: string): Promise<PluginView> {
    return this.#requests.json(`/v1/plugins/${encodeURIComponent(name)}/reload`, { method: 'POST' });
  }

  async webhooks(signal: AbortSignal): Promise<readonly WebhookView[]> {
    return (await this.#requests.json<{ webhooks: readonly WebhookView[] }>('/v1/webhooks', { signal })).webhooks;
  }

  /** Messages that were given up, newest first, at most 100. */
  async deadMessages(signal: AbortSignal): Promise<readonly DeadMessage[]> {
    const path = '/v1/webhooks/dead?limit=100';
    return (await this.#requests.json<{ messages: readonly DeadMessage[] }>(path, { signal })).messages;
  }

  async retryMessage(id: string): Promise<void> {
    await this.#requests.ask(`/v1/webhooks/dead/${encodeURIComponent(id)}/retry`, { method: 'POST' });
  }

  async forgetMessage(id: string): Promise<void> {
    await this.#requests.ask(`/v1/webhooks/dead/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  health(signal: AbortSignal): Promise<Health> {
    return this.#requests.json('/v1/system/health', { signal });
  }

  vitals(signal: AbortSignal): Promise<VitalsHistory> {
    return this.#requests.json('/v1/system/vitals', { signal });
  }

  log(limit: number, signal: AbortSignal): Promise<LogTail> {
    return this.#requests.json(`/v1/system/log?limit=${limit}`, { signal });
  }

  addresses(signal: AbortSignal): Promise<Addresses> {
    return this.#requests.json('/v1/system/addresses', { signal });
  }

  backups(signal: AbortSignal): Promise<BackupList> {
    return this.#requests.json('/v1/system/backups', { signal });
  }

  backUp(): Promise<BackupView> {
    return this.#requests.json('/v1/system/backup', { method: 'POST' });
  }

  async restart(): Promise<void> {
    await this.#requests.ask('/v1/system/restart', { method: 'POST' });
  }

  licences(signal: AbortSignal): Promise<string> {
    return this.#requests.read('/v1/licences', { signal }, (answer) => answer.text());
  }

  settings(signal: AbortSignal): Promise<SettingsView> {
    return this.#requests.json('/v1/settings', { signal });
  }

  changeSettings(change: Partial<SettingsChange>): Promise<SettingsView> {
    return this.#requests.json('/v1/settings', { method: 'PATCH', body: JSON.stringify(change) });
  }

  /** Null takes the PIN away. `current`: the one that is set. */
  async setPin(pin: string | null, current: string | null): Promise<void> {
    const headers: Record<string, string> = current === null ? {} : { 'X-Operator-Pin': current };
    const init = { method: 'PUT', body: JSON.stringify({ pin }), headers };
    // Whoever changes it has just typed the present one: a wrong one is told there, not asked for once more.
    await this.#requests.ask('/v1/operator/pin', init, { asksPin: false });
    this.#operator.lock();
  }

  /** The bytes behind a link, for a browser that must send a key along. */
  download(path: string): Promise<Blob> {
    return this.#requests.read(path, {}, (answer) => answer.blob());
  }
}

/** REST knows four statuses and shows a cancelled job as failed with this very message. */
function withCancelled(job: JobItem): JobItem {
  return job.status === 'failed' && job.error_message === 'Cancelled' ? { ...job, status: 'cancelled' } : job;
}
