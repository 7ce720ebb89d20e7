// Thins a job's progress, never its state: the first and the newest always come, in between at most one an interval.
import { toProgressView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';

export interface PaceOptions {
  /** Shortest time between two deliveries of one job, in ms. */
  readonly intervalMs: number;
  readonly deliver: (job: Job) => void;
}

interface Lane {
  /** What was delivered last: the same again is not worth saying. */
  told: Job;
  waiting: Job | undefined;
  /** Runs while the interval since the last delivery has not passed. */
  timer: NodeJS.Timeout | undefined;
}

/** A job's lane stays until `drop`: its owner drops the jobs that have ended or are gone. */
export class Pace {
  readonly #intervalMs: number;
  readonly #deliver: (job: Job) => void;
  readonly #lanes = new Map<string, Lane>();

  constructor({ intervalMs, deliver }: PaceOptions) {
    this.#intervalMs = intervalMs;
    this.#deliver = deliver;
  }

  /** At once where the interval has passed, else at its end, unless something newer comes until then. */
  offer(job: Job): void {
    const lane = this.#lanes.get(job.id);
    if (lane?.timer) lane.waiting = job;
    else if (!lane || !saysTheSame(lane.told, job)) this.now(job);
  }

  /** At once, whatever the interval; what waited is older and is forgotten. */
  now(job: Job): void {
    clearTimeout(this.#lanes.get(job.id)?.timer);
    const lane: Lane = { told: job, waiting: undefined, timer: undefined };
    lane.timer = setTimeout(() => {
      lane.timer = undefined;
      this.flush(job.id);
    }, this.#intervalMs);
    this.#lanes.set(job.id, lane);
    this.#deliver(job);
  }

  /** Delivers what waits, if it says anything new. */
  flush(jobId: string): void {
    const lane = this.#lanes.get(jobId);
    const waiting = lane?.waiting;
    if (!lane || !waiting) return;
    lane.waiting = undefined;
    if (!saysTheSame(lane.told, waiting)) this.now(waiting);
  }

  flushAll(): void {
    for (const jobId of [...this.#lanes.keys()]) this.flush(jobId);
  }

  /** Forgets the job; what waited is not delivered. */
  drop(jobId: string): void {
    clearTimeout(this.#lanes.get(jobId)?.timer);
    this.#lanes.delete(jobId);
  }

  close(): void {
    for (const jobId of [...this.#lanes.keys()]) this.drop(jobId);
  }
}

function saysTheSame(a: Job, b: Job): boolean {
  return comparable(a) === comparable(b);
}

function comparable(job: Job): string {
  return JSON.stringify({ ...toProgressView(job), seq: 0, ts: 0 });
}
