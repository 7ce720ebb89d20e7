// What home automation shows of the appliance, in two small messages: the running job, and what became of the last one.
import { isFinal, type Job } from '../../contract/job.ts';
import type { SystemView } from '../../contract/api.ts';
import { slugsOf } from './home-assistant-names.ts';

/** That are shown one by one; a model may have thousands. */
export const mostClasses = 24;
const mostCounts = 100;

/**
 * For each class name the key of its count, so that a template can name it: in a model's file may stand anything. Each
 * begins with `n_`: `items` alone would be a method of a dictionary in Jinja.
 */
export function classKeys(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...slugsOf(names.slice(0, mostClasses), 'class')].map(([name, slug]) => [name, `n_${slug}`]));
}

export class HomeState {
  readonly #running = new Map<string, Job>();
  #last: Job | null = null;

  /** Newest first: what has happened before. */
  seed(jobs: readonly Job[]): void {
    for (const job of jobs) if (job.status === 'running') this.#running.set(job.id, job);
    this.#last ??= [...jobs].filter((job) => isFinal(job.status)).sort((a, b) => endOf(b) - endOf(a))[0] ?? null;
  }

  hear(job: Job): void {
    if (job.status === 'running') this.#running.set(job.id, job);
    else this.#running.delete(job.id);
    if (isFinal(job.status)) this.#last = job;
  }

  forget(jobId: string): void {
    this.#running.delete(jobId);
    if (this.#last?.id === jobId) this.#last = null;
  }

  /** Of the moment. Every key is always there, here and below, so that no template meets one that is not. */
  toView({ jobs }: SystemView) {
    const job = this.#shown();
    return {
      jobs: { running: this.#running.size, waiting: jobs.pending },
      job: {
        job_id: job?.id ?? null,
        source: job?.sourceName ?? null,
        progress: job?.progress ?? null,
        stage: job ? (job.stage ?? 'queued') : 'idle',
        eta_s: job?.etaS == null ? null : Math.round(job.etaS),
        fps: job?.fps == null ? null : Math.round(job.fps * 10) / 10,
      },
    };
  }

  /** `classes`: those that are counted one by one, by name. */
  toLastView(classes: readonly string[]) {
    const last = this.#last;
    const found = last?.summary?.classes;
    const counts = [...classKeys(classes)].map(([name, key]) => [key, found ? (found[name] ?? 0) : null]);
    return {
      result: last?.status ?? null,
      detections: last?.summary?.total_detections ?? null,
      classes: Object.fromEntries(counts) as Record<string, number | null>,
      job: last ? jobView(last) : {},
    };
  }

  /** The one that has run for the longest time. */
  #shown(): Job | null {
    const [first] = [...this.#running.values()].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
    return first ?? null;
  }
}

function jobView(job: Job) {
  const counts = Object.entries(job.summary?.classes ?? {}).sort(([, a], [, b]) => b - a);
  return {
    job_id: job.id,
    source: job.sourceName,
    frames: job.summary?.total_frames ?? null,
    /** The most frequent. */
    classes: Object.fromEntries(counts.slice(0, mostCounts)),
    url: job.status === 'completed' && !job.outside ? `/v1/jobs/${job.id}/result` : null,
    error: job.error?.message ?? null,
    finished_at: new Date(endOf(job)).toISOString(),
  };
}

function endOf(job: Job): number {
  return job.completedAt ?? job.updatedAt;
}
