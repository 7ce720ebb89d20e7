// A gate between two frames: closed while the daemon wants the job to wait.

export class Hold {
  #opened: { readonly promise: Promise<void>; readonly open: () => void } | null = null;

  close(): void {
    if (this.#opened) return;
    let open = (): void => undefined;
    const promise = new Promise<void>((resolve) => (open = resolve));
    this.#opened = { promise, open };
  }

  open(): void {
    this.#opened?.open();
    this.#opened = null;
  }

  /** Null while it is open; else settles when it opens. Rejects with the signal's reason. */
  passage(signal: AbortSignal): Promise<void> | null {
    if (!this.#opened) return null;
    const { promise } = this.#opened;
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason as Error);
      signal.addEventListener('abort', giveUp, { once: true });
      if (signal.aborted) giveUp();
      void promise.then(() => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
    });
  }
}
