// Tells when something in a plugin's folder has changed, or the folder itself was put in place of another.
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Log } from '../../log.ts';
import { foldersIn, passedOver } from './plugin-tree.ts';

export interface PluginWatchOptions {
  /** As it stands in the settings. */
  readonly folder: string;
  /** Called when all has been quiet again for a moment. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** A folder that is copied changes many times. */
const quietMs = 500;
/** So often in a row somebody may try something; then it is told ever more rarely, as one that writes there itself is. */
const free = 6;
const longestMs = 60_000;
const calmMs = 20_000;

export class PluginWatch {
  readonly #options: PluginWatchOptions;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** How often it was told without a calm in between; by `performance.now()`, when last. */
  #told = { count: 0, at: -Infinity };

  constructor(options: PluginWatchOptions) {
    this.#options = options;
  }

  /** Watches the folders that are there now; again when there may be others. */
  async follow(): Promise<void> {
    const { folder } = this.#options;
    const inside = await foldersIn(folder);
    this.#end();
    if (this.#closed) return;
    const own = basename(folder);
    this.#begin(dirname(folder), (name) => name === own);
    for (const place of inside) this.#begin(place, (name) => !passedOver.includes(name));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#end();
  }

  #begin(place: string, counts: (name: string) => boolean): void {
    const { log } = this.#options;
    // Network file systems tell nothing, and watches can be used up: a reload can still be asked for.
    const give = (err: unknown) => log.info({ err, folder: place }, 'folder of a plugin cannot be watched');
    try {
      const watcher = watch(place, { persistent: false }, (_, name) => {
        if (name !== null && !counts(name)) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#tell(), this.#patienceMs());
      });
      watcher.on('error', give);
      this.#watchers.push(watcher);
    } catch (err) {
      give(err);
    }
  }

  #tell(): void {
    const now = performance.now();
    const isCalm = now - this.#told.at > this.#restMs + calmMs;
    this.#told = { count: isCalm ? 1 : this.#told.count + 1, at: now };
    this.#options.onChange();
  }

  #patienceMs(): number {
    return Math.max(quietMs, this.#told.at + this.#restMs - performance.now());
  }

  /** Grows twofold with each time. */
  get #restMs(): number {
    const { count } = this.#told;
    return count < free ? 0 : Math.min(quietMs * 2 ** (count - free + 1), longestMs);
  }

  #end(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}
