// Dark or light: what the person chose on this device, else what the device prefers, else dark.
import type { KeyStore } from './access.svelte.ts';

export type Shade = 'dark' | 'light';

const storedAs = 'vedette.theme';

export class Theme {
  #chosen = $state<Shade | null>(null);
  #preferred = $state<Shade>('dark');
  readonly shade: Shade = $derived(this.#chosen ?? this.#preferred);

  readonly #store: KeyStore;

  constructor(store: KeyStore) {
    this.#store = store;
    const stored = store.getItem(storedAs);
    this.#chosen = stored === 'dark' || stored === 'light' ? stored : null;
  }

  /** What the device prefers, now. */
  prefer(shade: Shade): void {
    this.#preferred = shade;
  }

  toggle(): void {
    this.#chosen = this.shade === 'dark' ? 'light' : 'dark';
    this.#store.setItem(storedAs, this.#chosen);
  }
}
