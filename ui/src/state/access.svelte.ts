// The API key: taken from the address once, kept on this device, asked for when the appliance refuses.

/** The part of localStorage that the screen uses. */
export interface KeyStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

const storedAs = 'vedette.key';

export class Access {
  key = $state<string | null>(null);
  /** How often this browser was let in by a session: pictures that were refused before are asked for again. */
  sessions = $state(0);
  /** True from a 401 on, until another key is given. */
  refused = $state(false);

  readonly #store: KeyStore;
  #listeners: readonly (() => void)[] = [];

  constructor(store: KeyStore) {
    this.#store = store;
    this.key = store.getItem(storedAs);
  }

  give(key: string): void {
    const given = key.trim();
    if (given === '') return;
    this.key = given;
    this.refused = false;
    this.#store.setItem(storedAs, given);
    for (const listener of this.#listeners) listener();
  }

  /** The appliance answered 401. */
  refuse(): void {
    this.refused = true;
  }

  /** Called whenever another key was given; returns the way to stop that. */
  onKey(tell: () => void): () => void {
    this.#listeners = [...this.#listeners, tell];
    return () => (this.#listeners = this.#listeners.filter((known) => known !== tell));
  }

  /** Request headers that carry the key, or none. */
  headers(): Record<string, string> {
    return this.key === null ? {} : { 'X-API-Key': this.key };
  }
}
