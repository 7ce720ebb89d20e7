// Thins a job's progress, never its state: the first and the newest always come, in between at most one an interval.
import { toProgressView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';

export interface PaceOptions {
  /** Shortest time between two deliveries of one job, in ms; of their average where `slackMs` is given. */
  readonly intervalMs: number;
  /**
   * A delivery may come so much earlier than an interval after one that was itself late by as much, in ms. A source
   * that keeps the interval is then never held back because one of its reports was late on the way.
   */
  readonly slackMs?: number;
  /**
   * A new stage and a job's first frame are delivered at once, up to so many ms ahead of their turn; what follows waits
   * the longer, so that the average holds.
   */
  readonly aheadMs?: number;
  readonly deliver: (job: Job) => void;
}

/** What push promises at most: ten in any second, since (1000 + slackMs) / intervalMs is no more. */
export const tenASecond = { intervalMs: 105, slackMs: 50, aheadMs: 315 } as const;

/**
 * What is held back when the interval ends is old, and a job that runs reports again soon: so much longer its next
 * report is waited for. A worker reports every 105 ms, or with every frame where frames take longer.
 */
const patienceMs = 105;

interface Lane {
  /** What was delivered last: the same again is not worth saying. */
  told: Job;
  /** When the next may be delivered, by `performance.now()`. */
  due: number;
  waiting: Job | undefined;
  /** Runs while something waits. */
  timer: NodeJS.Timeout | undefined;
}

/** A job's lane stays until `drop`: its owner drops the jobs that have ended or are gone. */
export class Pace {
  readonly #intervalMs: number;
  readonly #slackMs: number;
  readonly #aheadMs: number;
  readonly #deliver: (job: Job) => void;
  readonly #lanes = new Map<string, Lane>();

  constructor({ intervalMs, slackMs = 0, aheadMs = 0, deliver }: PaceOptions) {
    this.#intervalMs = intervalMs;
    this.#slackMs = slackMs;
    this.#aheadMs = aheadMs;
    this.#deliver = deliver;
  }

  /** At once where the interval has passed. Else it waits for the first that comes after it, or that none comes. */
  offer(job: Job): void {
    const lane = this.#lanes.get(job.id);
    if (!lane) return this.now(job);
    if (saysTheSame(lane.told, job)) return unset(lane);
    const now = performance.now();
    if (now >= lane.due - (isStep(lane.told, job) ? this.#aheadMs : 0)) return this.#tell(lane, job);
    lane.waiting = job;
    lane.timer ??= setTimeout(() => this.flush(job.id), lane.due - now + patienceMs);
  }

  /** At once, whatever the interval, which begins anew; what waited is older and is forgotten. */
  now(job: Job): void {
    this.drop(job.id);
    const due = performance.now() + this.#intervalMs;
    this.#lanes.set(job.id, { told: job, due, waiting: undefined, timer: undefined });
    this.#deliver(job);
  }

  /** Delivers what waits. */
  flush(jobId: string): void {
    const lane = this.#lanes.get(jobId);
    if (lane?.waiting) this.#tell(lane, lane.waiting);
  }

  flushAll(): void {
    for (const jobId of this.#lanes.keys()) this.flush(jobId);
  }

  /** Forgets the job; what waited is not delivered. */
  drop(jobId: string): void {
    const lane = this.#lanes.get(jobId);
    if (lane) unset(lane);
    this.#lanes.delete(jobId);
  }

  close(): void {
    for (const jobId of this.#lanes.keys()) this.drop(jobId);
  }

  #tell(lane: Lane, job: Job): void {
    unset(lane);
    lane.told = job;
    lane.due = Math.max(lane.due, performance.now() - this.#slackMs) + this.#intervalMs;
    this.#deliver(job);
  }
}

function unset(lane: Lane): void {
  clearTimeout(lane.timer);
  lane.timer = undefined;
  lane.waiting = undefined;
}

function isStep(told: Job, job: Job): boolean {
  return told.stage !== job.stage || (told.currentFrame === 0 && job.currentFrame > 0);
}

function saysTheSame(a: Job, b: Job): boolean {
  return comparable(a) === comparable(b);
}

function comparable(job: Job): string {
  return JSON.stringify({ ...toProgressView(job), seq: 0, ts: 0 });
}
