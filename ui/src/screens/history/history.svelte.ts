// The jobs of all times that fit what is looked for: loaded page by page, and kept true by what is pushed.
import type { JobItem } from '../../../../appliance/contract/api.ts';
import type { HistoryItem } from '../../../../appliance/contract/history-api.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';
import { type Asked, fits } from './filters.ts';

const pageSize = 100;
/** Those that are older are looked for by their date. */
export const mostRows = 5000;

export class History {
  /** Newest first. */
  rows = $state.raw<readonly HistoryItem[]>([]);
  /** How many fit in all, as far as the appliance has said; null until it has. */
  count = $state<number | null>(null);
  /** Jobs that came to fit since the list was loaded. They are shown when somebody asks for them. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** `list`: all of it is asked for anew; `page`: the next page is. */
  loading = $state<'list' | 'page' | null>(null);
  /** Why the last asking failed. */
  problem = $state.raw<Refused | null>(null);
  /** False while there are more at the appliance. */
  complete = $state(false);

  readonly #appliance: Pick<Appliance, 'history'>;
  #asked: Asked = {};
  #asking: AbortController | null = null;
  #places: ReadonlyMap<string, number> = new Map();
  /** Rows that were changed by push and do not fit any more; they stay where they are until the next look. */
  readonly #strays = new Set<string>();
  /** Removed while an answer is on its way, which may still name them. */
  readonly #gone = new Set<string>();
  #heard: readonly JobItem[] = [];
  /** What was known before the list was asked for: the answer has counted with it. */
  #accounted: ReadonlyMap<string, string> = new Map();

  constructor(appliance: Pick<Appliance, 'history'>) {
    this.#appliance = appliance;
  }

  get asked(): Asked {
    return this.#asked;
  }

  /** The rows of before stay until the answer is there: the first page, or as many as hold `rows`. */
  search(asked: Asked, rows = 0): Promise<void> {
    this.#asked = asked;
    return this.refresh(rows);
  }

  /** The same once more: all that is loaded, or as much as holds `rows`. */
  refresh(rows = this.rows.length): Promise<void> {
    return this.#load(Math.max(Math.ceil(Math.min(rows, mostRows) / pageSize), 1));
  }

  /** The next page, where there is one. */
  async more(): Promise<void> {
    if (this.loading !== null || this.complete || this.rows.length >= mostRows) return;
    await this.#ask('page', async (signal) => {
      // Rows that do not fit any more are not counted by the appliance; those that came meanwhile are.
      const skip = this.rows.length - this.#strays.size + this.fresh.size;
      const { jobs, count } = await this.#appliance.history({ ...this.#asked, limit: pageSize, skip }, signal);
      const added = jobs.filter(({ job_id }) => !this.#places.has(job_id) && !this.#gone.has(job_id));
      this.#show([...this.rows, ...added]);
      this.count = count;
      this.complete = jobs.length < pageSize || skip + jobs.length >= count;
    });
  }

  /** What is pushed of jobs: those that are loaded change in their place, others are announced. */
  hear(jobs: readonly JobItem[]): void {
    this.#heard = jobs;
    if (this.count === null) return;
    let rows: HistoryItem[] | null = null;
    for (const job of jobs) {
      const place = this.#places.get(job.job_id);
      const row = place === undefined ? undefined : this.rows[place];
      if (place === undefined || !row) this.#hearOther(job);
      else if (job.seq > row.seq) {
        rows ??= [...this.rows];
        rows[place] = { ...row, ...job };
        if (fits(job, this.#asked)) this.#strays.delete(job.job_id);
        else this.#strays.add(job.job_id);
      }
    }
    if (rows) this.rows = rows;
  }

  /** Jobs that are gone at the appliance. */
  forget(ids: ReadonlySet<string>): void {
    if (this.loading !== null) for (const id of ids) this.#gone.add(id);
    this.#heard = this.#heard.filter(({ job_id }) => !ids.has(job_id));
    const some = [...ids];
    if (!some.some((id) => this.fresh.has(id) || this.#places.has(id))) return;
    this.fresh = new Set([...this.fresh].filter((id) => !ids.has(id)));
    const rows = this.rows.filter(({ job_id }) => !ids.has(job_id));
    const strays = some.filter((id) => this.#strays.delete(id)).length;
    this.count = this.count === null ? null : Math.max(this.count - (this.rows.length - rows.length - strays), 0);
    if (rows.length < this.rows.length) this.#show(rows);
  }

  close(): void {
    this.#asking?.abort();
  }

  #hearOther(job: JobItem): void {
    const { job_id: id } = job;
    if (this.#gone.has(id) || this.#accounted.get(id) === job.status || !fits(job, this.#asked)) return;
    const last = this.rows.at(-1);
    // An older one comes with its page.
    if (!this.complete && last && job.created_at < last.created_at) return;
    if (!this.fresh.has(id)) this.fresh = new Set([...this.fresh, id]);
  }

  #load(pages: number): Promise<void> {
    this.#asking?.abort();
    this.#gone.clear();
    const accounted = new Map(this.#heard.map(({ job_id, status }) => [job_id, status]));
    return this.#ask('list', async (signal) => {
      const rows = new Map<string, HistoryItem>();
      let [count, complete] = [0, false];
      for (let page = 0; page < pages && !complete; page += 1) {
        const skip = page * pageSize;
        const answer = await this.#appliance.history({ ...this.#asked, limit: pageSize, skip }, signal);
        for (const job of answer.jobs) if (!this.#gone.has(job.job_id)) rows.set(job.job_id, job);
        count = answer.count;
        complete = answer.jobs.length < pageSize || skip + answer.jobs.length >= count;
      }
      this.#accounted = accounted;
      this.#strays.clear();
      this.fresh = new Set();
      this.#show([...rows.values()]);
      this.count = count;
      this.complete = complete;
      this.hear(this.#heard);
    });
  }

  async #ask(what: 'list' | 'page', work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    this.loading = what;
    try {
      await work(asking.signal);
      this.problem = null;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.refused;
    } finally {
      if (this.#asking === asking) this.loading = null;
    }
  }

  #show(rows: readonly HistoryItem[]): void {
    this.#places = new Map(rows.map(({ job_id }, place) => [job_id, place]));
    this.rows = rows;
  }
}
