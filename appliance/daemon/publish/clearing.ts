// Takes the topics of removed jobs off the broker, and forgets none before the broker has confirmed it.
import type { Log } from '../../log.ts';
import type { Outbox } from './outbox.ts';
import type { Topics } from './topics.ts';

/** A list that outlives the daemon. */
export interface RemovedJobs {
  add(jobId: string): void;
  forget(jobId: string): void;
  /** Oldest first. */
  list(limit: number): readonly string[];
}

export interface ClearingOptions {
  readonly outbox: Outbox;
  readonly topics: Topics;
  /** Null where the broker keeps nothing longer than the daemon. */
  readonly removed: RemovedJobs | null;
  readonly log: Log;
}

/** Jobs taken up again at a time: the outbox holds their topics beside all that is current. */
const mostAtOnce = 1000;

export class Clearing {
  readonly #options: ClearingOptions;
  /** What is left of those that were taken up. */
  readonly #takenUp = new Set<string>();

  constructor(options: ClearingOptions) {
    this.#options = options;
  }

  /** The job has just been removed. */
  clear(jobId: string): void {
    this.#put(jobId);
    this.#guarded(() => this.#options.removed?.add(jobId), jobId);
  }

  /** The broker is there, and may hold topics of jobs that were removed while it was away or before the daemon started. */
  takeUp(): void {
    this.#takenUp.clear();
    this.#guarded(() => {
      for (const jobId of this.#options.removed?.list(mostAtOnce) ?? []) {
        this.#takenUp.add(jobId);
        this.#put(jobId);
      }
    });
  }

  /** An empty retained payload takes the topic off the broker (MQTT 3.1.1, 3.3.1.3). */
  #put(jobId: string): void {
    const { outbox, topics } = this.#options;
    let left = 2;
    const confirmed = () => {
      left -= 1;
      if (left === 0) this.#forget(jobId);
    };
    outbox.put(topics.job(jobId), '', confirmed);
    outbox.put(topics.result(jobId), '', confirmed);
  }

  /** One that cannot be forgotten stays taken up, and the rest waits for the next connection. */
  #forget(jobId: string): void {
    this.#guarded(() => {
      this.#options.removed?.forget(jobId);
      if (this.#takenUp.delete(jobId) && this.#takenUp.size === 0) this.takeUp();
    }, jobId);
  }

  /** A database that cannot be written must not keep the topics from being cleared now. */
  #guarded(act: () => void, jobId?: string): void {
    try {
      act();
    } catch (err) {
      this.#options.log.error({ err, jobId }, 'list of removed jobs failed; their topics are cleared only once');
    }
  }
}
