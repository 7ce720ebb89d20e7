// Tells Redis of this appliance's jobs: each event on the stream, the newest state of each job in its hash.
import { toJobItem, toProgressView } from '../../contract/api.ts';
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { Pace, tenASecond } from '../publish/pace.ts';
import type { Snapshot } from '../publish/snapshot.ts';
import type { EventStream } from '../publish/stream.ts';
import type { RedisLink } from './link.ts';
import { type Entry, hashOf, type Keys, progressHashOf, readNode } from './words.ts';

export interface RedisPublisherOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly node: string;
  readonly boot: string;
  /** Where others can open this appliance; '' where nobody has said. */
  readonly url: string;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  /** Whether another appliance has the same name. */
  readonly onTwin: (there: boolean) => void;
  readonly log: Log;
}

type Letter = Entry & {
  /** Fields of the job's hash; null: the hash goes. */
  readonly hash: Record<string, string> | null;
  readonly createdAt: number;
};

/** That wait for Redis; beyond it the oldest are dropped: whoever comes back reads the hashes. */
const mostWaiting = 2000;
const mostInTurn = 100;
/** Entries that the stream keeps, about. */
const mostEntries = 10_000;
const newestJobs = 100;
/** Ids in the sorted set. */
const mostJobs = 5000;
/** A job that nobody told of for so long is forgotten, whatever became of its appliance. */
const hashLifeS = 7 * 86_400;
const nodeLifeMs = 15_000;
const beatMs = 5000;
const againMs = 2000;

export class RedisPublisher {
  readonly #options: RedisPublisherOptions;
  readonly #pace: Pace;
  readonly #unsubscribe: readonly (() => void)[];
  #waiting: Letter[] = [];
  #sending: Promise<void> | null = null;
  #dropped = 0;
  #beat: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #shown = false;

  constructor(options: RedisPublisherOptions) {
    const { stream } = options;
    this.#options = options;
    this.#pace = new Pace({ ...tenASecond, deliver: (job) => this.#progressed(job) });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#changed(job)),
      stream.on('job-progressed', ({ job }) => this.#pace.offer(job)),
      stream.on('job-removed', ({ jobId }) => this.#removed(jobId)),
      stream.on('system-changed', ({ system }) => {
        this.#put({ kind: 'system', job_id: '', data: JSON.stringify(system), hash: null, createdAt: 0 });
      }),
    ];
  }

  /** Events lost since the start because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Redis may have lost everything, and has missed what happened meanwhile. */
  greet(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#waiting = [];
    for (const job of [...this.#options.snapshot.newest(newestJobs)].reverse()) this.#changed(job);
    clearInterval(this.#beat);
    this.#beat = setInterval(() => void this.#show(), beatMs);
    void this.#show();
    this.#send();
    void this.#putRight().catch((err: unknown) => this.#later(err));
  }

  /** Tells what waits, as far as Redis takes it within half a second, and that this appliance is away. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearInterval(this.#beat);
    clearTimeout(this.#again);
    this.#pace.flushAll();
    this.#pace.close();
    const { link, keys, node } = this.#options;
    if (!link.ready) return;
    const patience = new Promise<void>((resolve) => setTimeout(resolve, 500).unref());
    const goodbye = (async () => {
      await this.#sending;
      await link.client.del(keys.node(node));
    })().catch(() => undefined); // it is gone then, and the key with its time
    await Promise.race([goodbye, patience]);
  }

  #changed(job: Job): void {
    this.#pace.flush(job.id);
    if (isFinal(job.status)) this.#pace.drop(job.id);
    const item = toJobItem(job);
    const { node } = this.#options;
    this.#put({
      kind: 'job',
      job_id: job.id,
      data: JSON.stringify(item),
      hash: hashOf(item, node),
      createdAt: job.createdAt,
    });
  }

  #progressed(job: Job): void {
    const progress = toProgressView(job);
    const data = JSON.stringify(progress);
    this.#put({ kind: 'progress', job_id: job.id, data, hash: progressHashOf(progress), createdAt: job.createdAt });
  }

  #removed(jobId: string): void {
    this.#pace.drop(jobId);
    const data = JSON.stringify({ job_id: jobId });
    this.#put({ kind: 'job_removed', job_id: jobId, data, hash: null, createdAt: 0 });
  }

  #put(what: Omit<Letter, 'node' | 'boot'>): void {
    const { node, boot, link } = this.#options;
    if (!link.ready) return; // the greeting tells all that is current
    this.#waiting.push({ node, boot, ...what });
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift();
      this.#dropped += 1;
      this.#later(null);
    }
    this.#send();
  }

  #send(): void {
    this.#sending ??= this.#empty()
      .catch((err: unknown) => this.#later(err))
      .finally(() => (this.#sending = null));
  }

  /** What was dropped, or refused by a Redis that is full or read-only, is told anew with all that is current. */
  #later(err: unknown): void {
    if (err !== null) this.#options.log.warn({ err }, 'Redis does not take events');
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      if (this.#options.link.ready) this.greet(); // else the next connection does
    }, againMs);
  }

  async #empty(): Promise<void> {
    const { link } = this.#options;
    while (this.#waiting.length > 0 && link.ready) {
      await Promise.all(this.#waiting.splice(0, mostInTurn).flatMap((letter) => this.#write(letter)));
    }
  }

  /** In this order, all in one go: the client sends what is asked in one turn of the event loop together. */
  #write({ hash, createdAt, kind, node, boot, job_id, data }: Letter): Promise<unknown>[] {
    const { link, keys } = this.#options;
    const { client } = link;
    const trim = { TRIM: { strategy: 'MAXLEN' as const, strategyModifier: '~' as const, threshold: mostEntries } };
    const tell = () => client.xAdd(keys.events, '*', { kind, node, boot, job_id, data }, trim);
    const key = keys.job(job_id);
    if (kind === 'system') return [tell()];
    // The state first: who hears the event may read it.
    if (hash === null) return [client.del(key), client.zRem(keys.jobs, job_id), tell()];
    const kept = [client.hSet(key, hash), client.expire(key, hashLifeS)];
    if (kind === 'progress') return [...kept, tell()];
    const listed = [
      client.zAdd(keys.jobs, { score: createdAt, value: job_id }),
      client.zRemRangeByRank(keys.jobs, 0, -mostJobs - 1),
    ];
    return [...kept, ...listed, tell()];
  }

  /** What Redis still says of jobs of this appliance that were removed, or that ended, while it was away. */
  async #putRight(): Promise<void> {
    const { link, keys, node, snapshot } = this.#options;
    for (let from = 0; link.ready; from += mostInTurn) {
      const ids = await link.client.zRange(keys.jobs, from, from + mostInTurn - 1, { REV: true });
      if (ids.length === 0) return;
      const told = await Promise.all(ids.map((id) => link.client.hmGet(keys.job(id), ['node', 'status'])));
      for (const [at, id] of ids.entries()) {
        const [owner, status] = told[at] ?? [];
        if (owner !== node) continue;
        const job = snapshot.job(id);
        if (!job) this.#removed(id);
        else if (job.status !== status) this.#changed(job);
      }
    }
  }

  async #show(): Promise<void> {
    const { link, keys, node, boot, url, log } = this.#options;
    if (!link.ready) return;
    const expiration = { type: 'PX' as const, value: nodeLifeMs };
    try {
      const before = await link.client.set(keys.node(node), JSON.stringify({ boot, url }), { expiration, GET: true });
      const other = readNode(before)?.boot ?? boot;
      // An earlier start of this one is found at the first time only.
      this.#options.onTwin(this.#shown && other !== boot);
      this.#shown = true;
    } catch (err) {
      log.debug({ err }, 'Redis was not told that this appliance is there');
    }
  }
}
