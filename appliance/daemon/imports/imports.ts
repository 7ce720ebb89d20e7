// Videos on their way in from folders of the machine: who waits, who is copied, what became of the others. One at a time.
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { Fault } from '../../contract/fault.ts';
import type { ImportCopy, ImportFolder, ImportListing, Imports as ImportsView } from '../../contract/import-api.ts';
import type { Log } from '../../log.ts';
import type { NewJob } from '../jobs/new-job.ts';
import type { EventStream } from '../publish/stream.ts';
import { Busy } from '../serve/busy.ts';
import type { JobDesk } from '../serve/job-desk.ts';
import { storageFault } from '../serve/storage-fault.ts';
import { type Arrived, copyIn, type CopyOptions } from './copy-in.ts';
import { listPlace } from './listing.ts';
import { openPlace } from './place.ts';
import { Told } from './told.ts';

export interface ImportsOptions extends CopyOptions {
  readonly folders: readonly { readonly name: string; readonly path: string }[];
  readonly desk: Pick<JobDesk, 'admit' | 'create'>;
  readonly stream: EventStream;
  readonly log: Log;
}

/** What a video is to become. */
export interface ImportOrder {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly assignment: Omit<NewJob, 'id' | 'sourceName' | 'sourceBytes' | 'sourceType'>;
}

interface Entry {
  view: ImportCopy;
  readonly root: string;
  readonly order: ImportOrder;
  readonly stop: AbortController;
}

/** That are under way. */
const mostWaiting = 500;
/** In all that are told. */
const mostTold = 100;

export class Imports {
  readonly #options: ImportsOptions;
  /** In the order in which they were asked for. */
  readonly #entries = new Map<string, Entry>();
  readonly #told: Told;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(options: ImportsOptions) {
    this.#options = options;
    // The more there are, the longer the message: hundreds of them are told of every few seconds.
    this.#told = new Told(
      () => options.stream.emit({ kind: 'imports-changed', copies: this.copies }),
      () => this.#entries.size * 10,
    );
  }

  /** Those under way, and the newest that ended, oldest first. */
  get copies(): ImportCopy[] {
    return [...this.#entries.values()].map(({ view }) => view);
  }

  async view(): Promise<ImportsView> {
    const { folders } = this.#options;
    const seen = folders.map(async ({ name, path }): Promise<ImportFolder> => {
      const found = await stat(path).catch(() => null); // a stick that is not plugged in
      return { name, available: found?.isDirectory() === true };
    });
    return { folders: await Promise.all(seen), copies: this.copies };
  }

  /** Throws Fault 'import-not-found'. */
  async list(folder: string, path: string): Promise<ImportListing> {
    return listPlace(this.#rootOf(folder), path);
  }

  /** All of them or none. Throws Fault 'import-not-found', or Busy where too many are under way. */
  async order(order: ImportOrder): Promise<void> {
    const root = this.#rootOf(order.folder);
    const sizes: number[] = [];
    for (const path of order.paths) {
      const { file, bytes } = await openPlace(root, path);
      await file.close();
      sizes.push(bytes);
    }
    const waiting = this.copies.filter(({ state }) => isUnderWay(state)).length;
    if (waiting + sizes.length > mostWaiting) {
      throw new Busy(`${waiting} videos are being taken in already; at most ${mostWaiting} can be.`, 30);
    }
    for (const [at, path] of order.paths.entries()) {
      const id = randomUUID();
      const view = { id, folder: order.folder, path, bytes: sizes[at] ?? 0, copied_bytes: 0 };
      const still = { state: 'waiting' as const, error: null, job_id: null };
      this.#entries.set(id, { view: { ...view, ...still }, root, order, stop: new AbortController() });
    }
    this.#told.changed();
    this.#begin();
  }

  /** Stops one that is under way, forgets one that has ended. Throws Fault 'import-not-found'. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) throw new Fault('import-not-found', 'There is no such copy.');
    this.#entries.delete(id);
    entry.stop.abort();
    this.#told.changed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { stop } of this.#entries.values()) stop.abort();
    await this.#working;
    this.#told.close();
  }

  #rootOf(name: string): string {
    const folder = this.#options.folders.find((one) => one.name === name);
    if (!folder) throw new Fault('import-not-found', `There is no import folder "${name.slice(0, 100)}".`);
    return folder.path;
  }

  #begin(): void {
    if (this.#closed) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (this.#next()) this.#begin();
    });
  }

  async #work(): Promise<void> {
    for (let next = this.#next(); next && !this.#closed; next = this.#next()) await this.#copy(next);
  }

  #next(): Entry | undefined {
    return [...this.#entries.values()].find(({ view }) => view.state === 'waiting');
  }

  async #copy(entry: Entry): Promise<void> {
    const { log } = this.#options;
    const { signal } = entry.stop;
    const { path } = entry.view;
    try {
      await this.#placeFor(signal);
      this.#show(entry, { state: 'copying' });
      const onPiece = (copied: number) => this.#show(entry, { copied_bytes: copied });
      const take = (arrived: Arrived) => this.#take(entry, arrived);
      await copyIn({ root: entry.root, path, signal, onPiece, take }, this.#options);
    } catch (error) {
      if (signal.aborted) return; // nobody asks for it any more
      const fault = storageFault(error) ?? error;
      if (!(fault instanceof Fault)) throw error;
      log.info({ importId: entry.view.id, reason: fault.message }, 'video not taken in');
      this.#show(entry, { state: 'failed', error: fault.message });
    }
  }

  async #take(entry: Entry, { id, name, bytes, type }: Arrived): Promise<void> {
    const { desk } = this.#options;
    // Others may have taken the last place while this one was coming in.
    await this.#placeFor(entry.stop.signal);
    const source = { sourceName: name, sourceBytes: bytes, sourceType: type };
    const job = desk.create({ id, ...entry.order.assignment, ...source });
    this.#show(entry, { state: 'done', job_id: job.id, copied_bytes: bytes });
  }

  /** Resolves when the queue takes another job: what was chosen at once need not fit in it at once. */
  async #placeFor(signal: AbortSignal): Promise<void> {
    const { desk, stream } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        return desk.admit();
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'queue-full') throw error;
      }
      await new Promise<void>((resolve) => {
        const settle = () => {
          unsubscribe();
          signal.removeEventListener('abort', settle);
          resolve();
        };
        const unsubscribe = stream.on('job-changed', settle);
        signal.addEventListener('abort', settle, { once: true });
      });
    }
  }

  #show(entry: Entry, change: Partial<ImportCopy>): void {
    entry.view = { ...entry.view, ...change };
    if (!this.#entries.has(entry.view.id)) return;
    // In the same turn: nobody sees more of them than are told.
    if (!isUnderWay(entry.view.state)) this.#forgetOldest();
    this.#told.changed();
  }

  #forgetOldest(): void {
    const ended = [...this.#entries.values()].filter(({ view }) => !isUnderWay(view.state));
    for (const { view } of ended.slice(0, Math.max(0, ended.length - mostTold))) this.#entries.delete(view.id);
  }
}

function isUnderWay(state: ImportCopy['state']): boolean {
  return state === 'waiting' || state === 'copying';
}
