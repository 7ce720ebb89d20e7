// Who waits, in the order in which they are to run. The ranks are the ledger's; this is the only list of them.
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Ledger } from './ledger.ts';
import { byRank, ranksFor } from './queue-ranks.ts';

export class Queue {
  readonly #ledger: Pick<Ledger, 'get' | 'rank' | 'highestRank'>;
  /** The lowest rank first. */
  #ids: string[] = [];

  constructor(ledger: Pick<Ledger, 'get' | 'rank' | 'highestRank'>) {
    this.#ledger = ledger;
  }

  get length(): number {
    return this.#ids.length;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  /** By its rank: one that ran already comes before those that never did. */
  add(id: string): void {
    this.#ids.push(id);
    this.#sort();
  }

  /** The next one that fits, which does not wait any more. */
  take(fits: (id: string) => boolean = () => true): string | undefined {
    const id = this.#ids.find(fits);
    if (id !== undefined) this.remove(id);
    return id;
  }

  remove(id: string): void {
    this.#ids = this.#ids.filter((other) => other !== id);
  }

  clear(): void {
    this.#ids = [];
  }

  /**
   * In front of `before`; null: behind all. Those that run, or are about to, stay in front of all that wait.
   * Throws Fault 'job-not-found' or 'job-not-pending'.
   */
  move(id: string, before: string | null): Job {
    this.#waiting(id, 'Only a job that waits can be moved');
    if (before !== null) this.#waiting(before, 'A job can only be moved in front of one that waits');
    if (before !== id) {
      const floor = this.#ledger.highestRank(new Set(this.#ids));
      this.#ledger.rank(ranksFor(this.#jobs(), id, before, floor));
      this.#sort();
    }
    return this.#known(id);
  }

  #waiting(id: string, rule: string): void {
    const { status } = this.#known(id);
    if (this.#ids.includes(id)) return;
    throw new Fault('job-not-pending', `${rule}; this one is ${status === 'pending' ? 'about to run' : status}.`);
  }

  #sort(): void {
    this.#ids = this.#jobs()
      .sort(byRank)
      .map(({ id }) => id);
  }

  #jobs(): Job[] {
    return this.#ids.map((id) => this.#known(id));
  }

  #known(id: string): Job {
    const job = this.#ledger.get(id);
    if (!job) throw new Fault('job-not-found', 'Job not found');
    return job;
  }
}
