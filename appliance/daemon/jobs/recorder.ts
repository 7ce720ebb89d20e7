// Writes jobs down. What a full or failing disk does not take is kept, and written as soon as it does.
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { JobStore, Submission } from '../record/job-store.ts';

export interface RecorderOptions {
  readonly store: JobStore;
  readonly log: Log;
}

/** Until what the disk did not take is tried again. */
const againMs = 2000;

export class Recorder {
  readonly #store: JobStore;
  readonly #log: Log;
  /** Jobs whose newest state is not in the database: at most those that are alive or ended while the disk was full. */
  readonly #late = new Map<string, Job>();
  #complaint: string | null = null;
  #again: NodeJS.Timeout | undefined;
  #progressWrites = 0;

  constructor({ store, log }: RecorderOptions) {
    this.#store = store;
    this.#log = log;
  }

  /** Rows written for progress alone, since the start. */
  get progressWrites(): number {
    return this.#progressWrites;
  }

  /** A sentence while the database takes no writes, else null. */
  get complaint(): string | null {
    return this.#complaint;
  }

  /**
   * A job that cannot be recorded is not taken at all, and the one that it replaces stays: throws Fault 'disk-full' or
   * 'data-not-writable'.
   */
  insert(job: Job, submission: Submission | null, replaced: string | null): void {
    try {
      this.#store.insert(job, submission, replaced);
    } catch (error) {
      throw refusal(error);
    }
    if (replaced !== null) this.#late.delete(replaced);
  }

  /** Throws as insert does. */
  remove(id: string): void {
    try {
      this.#store.remove(id);
    } catch (error) {
      throw refusal(error);
    }
    this.#late.delete(id);
  }

  /** Now, or a little later: jobs go on meanwhile. A daemon that ends before does their work again from a checkpoint. */
  save(job: Job): void {
    this.#late.set(job.id, job);
    this.#catchUp();
  }

  /** Now or not at all; true where it is recorded. */
  saveNow(job: Job): boolean {
    const before = this.#late.get(job.id);
    this.save(job);
    if (!this.#late.has(job.id)) return true;
    // Nobody is to hear of it, so nobody is to find it in the database either.
    if (before) this.#late.set(job.id, before);
    else this.#late.delete(job.id);
    return false;
  }

  /** Only the percentage. */
  saveProgress(job: Job): void {
    this.#progressWrites += 1;
    if (this.#late.has(job.id)) return this.save(job);
    try {
      this.#store.saveProgress(job);
    } catch (error) {
      this.#late.set(job.id, job);
      this.#complain(error);
    }
  }

  /** Only the places in the queue, of all these or of none. */
  saveRanks(ranked: readonly Job[]): void {
    for (const job of ranked) if (this.#late.has(job.id)) this.#late.set(job.id, job);
    const others = ranked.filter(({ id }) => !this.#late.has(id));
    try {
      this.#store.saveRanks(others);
    } catch (error) {
      for (const job of others) this.#late.set(job.id, job);
      this.#complain(error);
    }
  }

  /** What is late is tried once more. */
  close(): void {
    if (this.#late.size > 0) this.#catchUp();
    clearTimeout(this.#again);
  }

  #catchUp(): void {
    clearTimeout(this.#again);
    try {
      for (const job of this.#late.values()) {
        this.#store.save(job);
        this.#late.delete(job.id);
      }
      if (this.#complaint !== null) this.#log.info('jobs can be recorded again');
      this.#complaint = null;
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    const fault = refusal(error);
    if (this.#complaint === null) this.#log.error({ err: fault }, 'jobs cannot be recorded for now');
    this.#complaint = fault.message;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#catchUp(), againMs);
  }
}

/** Rethrows what is no failure of the disk. */
function refusal(error: unknown): Fault {
  const code = codeOf(error);
  if (!/^SQLITE_(FULL|IOERR|READONLY|BUSY)/.test(code)) throw error;
  const message = `The database cannot be written (${code}): make room on the disk of the data folder.`;
  return new Fault(code === 'SQLITE_FULL' ? 'disk-full' : 'data-not-writable', message, { cause: error });
}
