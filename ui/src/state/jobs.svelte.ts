// Every job the screen knows, kept true by snapshots and deltas, and put in the order in which it is shown.
import type { JobItem, ProgressView } from '../../../appliance/contract/api.ts';
import type { JobStatus } from '../../../appliance/contract/job.ts';

/** How many finished jobs are drawn; older ones stay in REST. */
const shownFinished = 50;

/** In which list of the screen a status belongs. */
const places = {
  pending: 'pending',
  running: 'running',
  completed: 'finished',
  failed: 'finished',
  cancelled: 'finished',
} as const satisfies Record<JobStatus, string>;

type Place = (typeof places)[JobStatus];

export interface JobsOptions {
  /** Told when a job gets another status or a new one comes; the first snapshot is no news. */
  readonly onStatus?: (job: JobItem) => void;
}

export class Jobs {
  #all = $state.raw<readonly JobItem[]>([]);
  /** False until the first snapshot: an empty screen would claim that there are no jobs. */
  known = $state(false);

  /** Known here; the one that began first comes first, those of programs outside last. */
  readonly running = $derived(this.#list('running').filter(isHere).sort(byWorker));
  /** The queue, in the order in which they will run. */
  readonly pending = $derived(this.#list('pending').filter(isQueued).sort(byRank));
  /** What waits for a program outside: it has no place in the queue. */
  readonly besides = $derived(
    this.#list('pending')
      .filter((job) => isHere(job) && !isQueued(job))
      .sort(byCreation),
  );
  /** What runs and waits on other appliances. */
  readonly elsewhere: readonly JobItem[] = $derived(
    [...this.#list('running').sort(byCreation), ...this.#list('pending').sort(byRank)].filter((job) => !isHere(job)),
  );
  /** Newest first. */
  readonly finished = $derived(this.#list('finished').sort(byEnd).slice(0, shownFinished));

  readonly #onStatus: (job: JobItem) => void;
  readonly #hearRemoved = new Set<(id: string) => void>();

  constructor(options: JobsOptions = {}) {
    this.#onStatus = options.onStatus ?? (() => undefined);
  }

  get(id: string): JobItem | undefined {
    return this.#all.find(({ job_id }) => job_id === id);
  }

  /** A snapshot is the whole truth: what it lacks is gone, even if its numbers are lower than the known ones. */
  replace(jobs: readonly JobItem[]): void {
    const news = this.known ? jobs.filter((job) => this.#isNews(job)) : [];
    this.#all = jobs;
    this.known = true;
    for (const job of news) this.#onStatus(job);
  }

  /** One that is unknown and older than what is known is none: it was only out of sight. */
  #isNews(job: JobItem): boolean {
    const known = this.get(job.job_id);
    if (known) return known.status !== job.status;
    return this.#all.every(({ created_at }) => created_at < job.created_at);
  }

  /** A whole job; ignored where the known copy is as new or newer. */
  put(job: JobItem): void {
    const known = this.get(job.job_id);
    if (known && job.seq <= known.seq) return;
    this.#store(job);
    if (known?.status !== job.status) this.#onStatus(job);
  }

  /** A delta; ignored for a job that is unknown, or known as new or newer. */
  advance(progress: ProgressView): void {
    const known = this.get(progress.job_id);
    if (!known || progress.seq <= known.seq) return;
    const job = { ...known, ...progress };
    this.#store(job);
    if (known.status !== job.status) this.#onStatus(job);
  }

  remove(id: string): void {
    this.#all = this.#all.filter(({ job_id }) => job_id !== id);
    for (const hear of this.#hearRemoved) hear(id);
  }

  /** Tells of every job that is removed, of those too that are not known here, until the function that it returns is called. */
  onRemoved(hear: (id: string) => void): () => void {
    this.#hearRemoved.add(hear);
    return () => this.#hearRemoved.delete(hear);
  }

  #store(job: JobItem): void {
    this.#all = [job, ...this.#all.filter(({ job_id }) => job_id !== job.job_id)];
  }

  #list(place: Place): JobItem[] {
    return this.#all.filter((job) => places[job.status] === place);
  }
}

function isHere({ appliance }: JobItem): boolean {
  return appliance === null;
}

/** Only those are worked on by this appliance. */
function isQueued({ appliance, outside }: JobItem): boolean {
  return appliance === null && outside === null;
}

/** Times of the wire are ISO 8601 in UTC, so text order is time order; the id makes it stable. */
function byCreation(a: JobItem, b: JobItem): number {
  return compare(a.created_at, b.created_at) || compare(a.job_id, b.job_id);
}

function byWorker(a: JobItem, b: JobItem): number {
  return Number(a.outside !== null) - Number(b.outside !== null) || byCreation(a, b);
}

function byRank(a: JobItem, b: JobItem): number {
  return a.queue_rank - b.queue_rank || byCreation(a, b);
}

function byEnd(a: JobItem, b: JobItem): number {
  return compare(b.completed_at ?? b.updated_at, a.completed_at ?? a.updated_at) || compare(b.job_id, a.job_id);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
