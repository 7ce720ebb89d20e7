// Dark, light or high contrast: what the person chose on this device, else what the device prefers, else dark.
import type { KeyStore } from './access.svelte.ts';

export const shades = ['dark', 'light', 'contrast'] as const;
export type Shade = (typeof shades)[number];

const storedAs = 'vedette.theme';

export class Theme {
  /** Null: as the device prefers. */
  chosen: Shade | null = $state(null);
  #preferred = $state<Shade>('dark');
  readonly shade: Shade = $derived(this.chosen ?? this.#preferred);

  readonly #store: KeyStore;

  constructor(store: KeyStore) {
    this.#store = store;
    this.chosen = shades.find((shade) => shade === store.getItem(storedAs)) ?? null;
  }

  /** What the device prefers, now. */
  prefer(shade: Shade): void {
    this.#preferred = shade;
  }

  choose(shade: Shade | null): void {
    this.chosen = shade;
    this.#store.setItem(storedAs, shade ?? '');
  }
}
