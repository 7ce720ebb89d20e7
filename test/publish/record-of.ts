// A list that is filled by events, and can be waited on without a clock.
export class RecordOf<T> {
  readonly all: T[] = [];
  #waiters: { readonly wanted: (all: readonly T[]) => boolean; readonly resolve: () => void }[] = [];

  readonly add = (item: T): void => {
    this.all.push(item);
    this.#waiters = this.#waiters.filter(({ wanted, resolve }) => {
      if (!wanted(this.all)) return true;
      resolve();
      return false;
    });
  };

  /** Returns once the list holds what is wanted. The test's own timeout ends a wait in vain. */
  async until(wanted: (all: readonly T[]) => boolean): Promise<void> {
    if (wanted(this.all)) return;
    await new Promise<void>((resolve) => this.#waiters.push({ wanted, resolve }));
  }

  /** The first that fits, now or later. */
  async find(fits: (item: T) => boolean): Promise<T> {
    await this.until((all) => all.some(fits));
    const found = this.all.find(fits);
    if (found === undefined) throw new Error('waited for it, and it is not there');
    return found;
  }
}
