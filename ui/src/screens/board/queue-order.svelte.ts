// The queue as it is shown: what the appliance says, with the moves that are still on their way to it.
import type { JobItem } from '../../../../appliance/contract/api.ts';

export interface QueueOrderOptions {
  /** In the order in which they will run. */
  readonly pending: () => readonly JobItem[];
  /** Has a job run before another, or last of all. It settles when `pending` is right again, or the move was refused. */
  readonly move: (job: JobItem, before: JobItem | null) => Promise<void>;
  /** Told of the place that a job was given, 1-based. */
  readonly onPlaced: (job: JobItem, position: number) => void;
}

interface Move {
  readonly job: JobItem;
  /** Those that it is to run before. */
  readonly behind: readonly string[];
}

export class QueueOrder {
  #moves: readonly Move[] = $state.raw([]);
  readonly #options: QueueOrderOptions;
  #last: Promise<void> = Promise.resolve();

  readonly shown: readonly JobItem[] = $derived.by(() => this.#moves.reduce(carriedOut, this.#options.pending()));

  constructor(options: QueueOrderOptions) {
    this.#options = options;
  }

  /** Gives a waiting job the place `index`, 0-based. Shown at once; resolves when the appliance has answered. */
  async place(jobId: string, index: number): Promise<void> {
    const from = this.shown.findIndex(({ job_id }) => job_id === jobId);
    const job = this.shown[from];
    const to = Math.min(Math.max(index, 0), this.shown.length - 1);
    if (!job || to === from) return;
    const others = this.shown.filter((other) => other !== job);
    const move = { job, behind: others.slice(to).map(({ job_id }) => job_id) };
    this.#moves = [...this.#moves, move];
    this.#options.onPlaced(job, to + 1);
    // One after another: each stands on the one before.
    this.#last = this.#last.then(() => this.#carryOut(move));
    await this.#last;
  }

  async #carryOut(move: Move): Promise<void> {
    try {
      const pending = this.#options.pending();
      if (pending.some(({ job_id }) => job_id === move.job.job_id)) {
        await this.#options.move(move.job, firstBehind(move, pending));
      }
    } finally {
      this.#moves = this.#moves.filter((other) => other !== move);
    }
  }
}

function carriedOut(jobs: readonly JobItem[], move: Move): readonly JobItem[] {
  const job = jobs.find(({ job_id }) => job_id === move.job.job_id);
  if (!job) return jobs;
  const others = jobs.filter((other) => other !== job);
  const before = firstBehind(move, others);
  const at = before === null ? others.length : others.indexOf(before);
  return [...others.slice(0, at), job, ...others.slice(at)];
}

/** The first that still waits: those in between may have begun, or be gone. */
function firstBehind({ behind }: Move, pending: readonly JobItem[]): JobItem | null {
  const known = behind.map((id) => pending.find(({ job_id }) => job_id === id));
  return known.find((job) => job !== undefined) ?? null;
}
