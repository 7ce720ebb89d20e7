// How much the jobs hold on the disk: counted once at the start, and then only where something has changed.
import { join } from 'node:path';
import { jobFiles } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import type { EventStream } from '../publish/stream.ts';
import { filesOf } from './measure.ts';

export interface UsageOptions {
  /** Holds a folder for each job. */
  readonly folder: string;
  readonly stream: EventStream;
  readonly log: Log;
}

interface JobBytes {
  readonly input: number;
  /** All else: what was found, checkpoints. */
  readonly artifacts: number;
}

/** Folders that are looked at at the same time: some of the few threads that Node has for files stay free. */
const most = 2;
const none: JobBytes = { input: 0, artifacts: 0 };

export class Usage {
  readonly #folder: string;
  readonly #log: Log;
  readonly #unsubscribe: readonly (() => void)[];
  /** By job: as many as there are folders. */
  readonly #jobs = new Map<string, JobBytes>();
  readonly #running = new Set<string>();
  readonly #due = new Set<string>();
  readonly #measuring = new Set<string>();
  readonly #waiters: (() => void)[] = [];
  #lanes = 0;
  #input = 0;
  #artifacts = 0;
  #counted = false;

  constructor({ folder, stream, log }: UsageOptions) {
    this.#folder = folder;
    this.#log = log;
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#note(job)),
      stream.on('job-removed', ({ jobId }) => this.forget(jobId)),
    ];
  }

  /** Of all jobs, bytes. */
  get input(): number {
    return this.#input;
  }

  get artifacts(): number {
    return this.#artifacts;
  }

  /** True when every job has been measured once. */
  get counted(): boolean {
    return this.#counted;
  }

  of(id: string): JobBytes {
    return this.#jobs.get(id) ?? none;
  }

  /** Ids of the jobs whose input is there. */
  *withInput(): Generator<string> {
    for (const [id, { input }] of this.#jobs) if (input > 0) yield id;
  }

  /** Resolves when all of these have been measured. */
  async count(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#due.add(id);
    this.#pump();
    await this.settled();
    this.#counted = true;
  }

  measure(id: string): void {
    this.#due.add(id);
    this.#pump();
  }

  /** Running jobs write without saying so. */
  refresh(): void {
    for (const id of this.#running) this.measure(id);
  }

  forget(id: string): void {
    this.#running.delete(id);
    this.#due.delete(id);
    this.#measuring.delete(id);
    this.#set(id, undefined);
  }

  /** Resolves when nothing is left to measure. */
  settled(): Promise<void> {
    if (this.#lanes === 0 && this.#due.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#due.clear();
    await this.settled();
  }

  #note(job: Job): void {
    if (job.status === 'running') this.#running.add(job.id);
    else this.#running.delete(job.id);
    this.measure(job.id);
  }

  #pump(): void {
    for (const id of this.#due) {
      if (this.#lanes >= most) return;
      if (this.#measuring.has(id)) continue; // once more, when this time is over
      this.#due.delete(id);
      this.#measuring.add(id);
      this.#lanes += 1;
      void this.#look(id).finally(() => {
        this.#lanes -= 1;
        this.#pump();
        if (this.#lanes === 0 && this.#due.size === 0) for (const resolve of this.#waiters.splice(0)) resolve();
      });
    }
  }

  async #look(id: string): Promise<void> {
    try {
      const files = await filesOf(join(this.#folder, id));
      // A job that was removed meanwhile is not to come back.
      if (!this.#measuring.has(id)) return;
      const input = (files.get(jobFiles.input) ?? 0) + (files.get(jobFiles.part) ?? 0);
      const all = [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
      this.#set(id, files.size === 0 ? undefined : { input, artifacts: all - input });
    } catch (err) {
      this.#log.warn({ err, jobId: id }, 'job could not be measured; its old size stands');
    } finally {
      this.#measuring.delete(id);
    }
  }

  #set(id: string, bytes: JobBytes | undefined): void {
    const before = this.of(id);
    const now = bytes ?? none;
    this.#input += now.input - before.input;
    this.#artifacts += now.artifacts - before.artifacts;
    if (bytes) this.#jobs.set(id, bytes);
    else this.#jobs.delete(id);
  }
}
