// Tells when something in the folders has changed, where the file system says so.
import { type FSWatcher, watch } from 'node:fs';
import type { Log } from '../../log.ts';

export interface FolderWatchOptions {
  readonly folders: readonly string[];
  /** Called when a folder has been quiet again for a moment. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** A file that is copied changes many times. */
const quietMs = 500;

export class FolderWatch {
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ folders, onChange, log }: FolderWatchOptions) {
    for (const folder of folders) {
      // Network file systems tell nothing, and watches can be used up: whoever lists the models sees them all the same.
      const give = (err: unknown) =>
        log.info({ err, folder }, 'folder of models cannot be watched; it is read when asked');
      try {
        const watcher = watch(folder, { persistent: false }, () => {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(onChange, quietMs);
        });
        watcher.on('error', give);
        this.#watchers.push(watcher);
      } catch (err) {
        give(err);
      }
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}
