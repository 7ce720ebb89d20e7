// One request at a time for each resumable upload: the newest asks the one before it to let go, and waits for that.
import type { Lock, Locker, RequestRelease } from '@tus/server';

interface Turn {
  readonly release: RequestRelease;
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** In place of the library's own, which spins the event loop while it waits. */
export class Turns implements Locker {
  readonly #turns = new Map<string, Turn>();

  newLock(id: string): Lock {
    return {
      lock: async (_signal, release) => {
        for (let held = this.#turns.get(id); held; held = this.#turns.get(id)) {
          await held.release();
          await held.over;
        }
        let end = (): void => undefined;
        const over = new Promise<void>((resolve) => (end = resolve));
        this.#turns.set(id, { release, over, end });
      },
      unlock: () => {
        this.#turns.get(id)?.end();
        this.#turns.delete(id);
        return Promise.resolve();
      },
    };
  }
}
