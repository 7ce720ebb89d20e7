// The jobs of other appliances on the same Redis: a snapshot of their hashes, then the stream; told on as remote events.
import type { JobItem, ProgressView } from '../../contract/api.ts';
import { isFinal } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import type { RedisLink } from './link.ts';
import { type Keys, readEntry, readItem, readNode, readProgress } from './words.ts';

export interface RemoteJobsOptions {
  /** Its own: a read that waits would hold up everything else. */
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly node: string;
  readonly stream: EventStream;
  readonly log: Log;
}

/** The newest of all others'. */
const mostJobs = 200;
const blockMs = 2000;
const mostRead = 200;
const afterFailureMs = 500;
const watchMs = 3000;

export class RemoteJobs {
  readonly #options: RemoteJobsOptions;
  readonly #jobs = new Map<string, JobItem>();
  /** By how much the `seq` that was told of a job is ahead of its own. */
  readonly #ahead = new Map<string, number>();
  /** Appliances that are not there, of those whose jobs are known. */
  readonly #gone = new Set<string>();
  #watchAt = -Infinity;
  readonly #leaving = new AbortController();
  /** Bumped by every new connection: the reading of an earlier one ends. */
  #connection = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: RemoteJobsOptions) {
    this.#options = options;
  }

  /** Newest first. */
  get list(): readonly JobItem[] {
    const told = [...this.#jobs.values()].map((item) => this.#told(item));
    return told.sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  get(id: string): JobItem | undefined {
    const item = this.#jobs.get(id);
    return item && this.#told(item);
  }

  /** The connection is there: all is read anew. */
  greet(): void {
    const connection = ++this.#connection;
    this.#reading = this.#reading.then(() => this.#follow(connection));
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    this.#connection += 1;
    this.#options.link.close();
    await this.#reading;
  }

  async #follow(connection: number): Promise<void> {
    const { link, log } = this.#options;
    const current = () => connection === this.#connection && link.ready;
    while (current()) {
      try {
        let last = await this.#readAll();
        while (current()) last = await this.#readOn(last);
      } catch (err) {
        if (!current()) return; // a new connection begins anew
        log.warn({ err }, 'jobs of other appliances cannot be read');
        await new Promise((resolve) => setTimeout(resolve, afterFailureMs));
      }
    }
  }

  /** Where the stream stood before: what comes behind it may be known already, and is then no news. */
  async #readAll(): Promise<string> {
    const { link, keys, node } = this.#options;
    const newest = await link.client.xRevRange(keys.events, '+', '-', { COUNT: 1 });
    const ids = await link.client.zRange(keys.jobs, 0, mostJobs - 1, { REV: true });
    const hashes = await Promise.all(ids.map((id) => link.client.hGetAll(keys.job(id))));
    const urls = new Map<string, string | null>();
    const found = new Set<string>();
    for (const hash of hashes) {
      const from = hash['node'] ?? node;
      const item = from === node ? null : readItem(hash['item']);
      if (item === null) continue;
      if (!urls.has(from)) urls.set(from, await this.#urlOf(from));
      const newer = readProgress(JSON.stringify({ ...item, ...deltaOf(hash) }));
      found.add(item.job_id);
      this.#take(shownFrom({ ...item, ...newer }, from, urls.get(from) ?? null));
    }
    for (const id of [...this.#jobs.keys()]) if (!found.has(id)) this.#forget(id);
    return newest?.[0]?.id ?? '0-0';
  }

  async #readOn(last: string): Promise<string> {
    const { link, keys } = this.#options;
    const answer = await link.client.xRead({ key: keys.events, id: last }, { BLOCK: blockMs, COUNT: mostRead });
    await this.#watchNodes();
    if (!answer) return last;
    let at = last;
    for (const { messages } of answer as { messages: { id: string; message: unknown }[] }[]) {
      for (const { id, message } of messages) {
        at = id;
        await this.#hear(message);
      }
    }
    return at;
  }

  async #hear(message: unknown): Promise<void> {
    const { node, stream } = this.#options;
    const entry = readEntry(message);
    if (!entry || entry.node === node) return;
    if (entry.kind === 'job_removed') return this.#forget(entry.job_id);
    if (entry.kind === 'job') {
      const item = readItem(entry.data);
      if (item) this.#take(shownFrom(item, entry.node, await this.#urlOf(entry.node)));
      return;
    }
    const known = this.#jobs.get(entry.job_id);
    const progress = entry.kind === 'progress' ? readProgress(entry.data) : null;
    if (!known || !progress || progress.seq <= known.seq) return;
    this.#jobs.set(entry.job_id, { ...known, ...progress });
    stream.emit({ kind: 'remote-job-progressed', progress: this.#told(progress) });
  }

  async #urlOf(name: string): Promise<string | null> {
    const { link, keys } = this.#options;
    return readNode(await link.client.get(keys.node(name)))?.url ?? null;
  }

  /** Jobs of an appliance that is not heard of any more say so, until it is back. */
  async #watchNodes(): Promise<void> {
    const { link, keys } = this.#options;
    if (performance.now() < this.#watchAt) return;
    this.#watchAt = performance.now() + watchMs;
    const names = new Set([...this.#jobs.values()].map(({ appliance }) => appliance?.node ?? ''));
    for (const name of names) {
      const gone = (await link.client.exists(keys.node(name))) === 0;
      if (gone === this.#gone.has(name)) continue;
      if (gone) this.#gone.add(name);
      else this.#gone.delete(name);
      for (const item of this.#jobs.values()) {
        if (item.appliance?.node !== name || isFinal(item.status)) continue;
        // Newer than what was told, though its appliance has said nothing.
        this.#ahead.set(item.job_id, (this.#ahead.get(item.job_id) ?? 0) + 1);
        this.#options.stream.emit({ kind: 'remote-job-changed', item: this.#told(item) });
      }
    }
  }

  /** As clients are told: with what is known here alone. */
  #told<T extends JobItem | ProgressView>(view: T): T {
    const seq = view.seq + (this.#ahead.get(view.job_id) ?? 0);
    const name = this.#jobs.get(view.job_id)?.appliance?.node ?? '';
    if (!this.#gone.has(name) || isFinal(view.status)) return { ...view, seq };
    return { ...view, seq, held: `The appliance ${name} is away.`, fps: null, eta_s: null };
  }

  #take(item: JobItem): void {
    const known = this.#jobs.get(item.job_id);
    if (known && item.seq <= known.seq) return;
    this.#jobs.set(item.job_id, item);
    this.#options.stream.emit({ kind: 'remote-job-changed', item: this.#told(item) });
    if (this.#jobs.size <= mostJobs) return;
    const oldest = this.list.at(-1);
    if (oldest) this.#forget(oldest.job_id);
  }

  #forget(jobId: string): void {
    if (!this.#jobs.delete(jobId)) return;
    this.#ahead.delete(jobId);
    this.#options.stream.emit({ kind: 'remote-job-removed', jobId });
  }
}

/** Its own paths lead nowhere on this appliance. */
function shownFrom(item: JobItem, node: string, url: string | null): JobItem {
  const base = url ?? '';
  const there = (path: string | null) => (path === null || base === '' ? null : `${base}${path}`);
  return {
    ...item,
    appliance: { node, url: base === '' ? null : base },
    result_url: there(item.result_url),
    poster_url: there(item.poster_url),
    annotated_url: there(item.annotated_url),
    clips: [],
  };
}

/** What of a hash the deltas keep newer than its whole. */
function deltaOf(hash: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const numbers = ['progress', 'current_frame', 'total_frames', 'fps', 'eta_s', 'seq', 'ts'] as const;
  const told = numbers.map((name) => [name, hash[name] ? Number(hash[name]) : null] as const);
  return { ...Object.fromEntries<unknown>(told), status: hash['status'], stage: hash['stage'] ? hash['stage'] : null };
}
