// When the screen covers itself: after so long without a touch, as this device was told.
import type { KeyStore } from './access.svelte.ts';

/** Minutes; null: never. */
export const saverChoices = [null, 2, 5, 15, 60] as const;
export type SaverMinutes = (typeof saverChoices)[number];

const storedAs = 'vedette.saver';
const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

/** The part of the window that is used. */
export interface Touched {
  addEventListener(name: string, hear: () => void, options: { passive: true; capture: true }): void;
}

export class Saver {
  minutes: SaverMinutes = $state(null);
  on = $state(false);

  readonly #store: KeyStore;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: KeyStore) {
    this.#store = store;
    const stored = Number(store.getItem(storedAs) ?? '');
    this.minutes = saverChoices.find((minutes) => minutes === stored) ?? null;
  }

  /** Hears every touch from now on. */
  watch(page: Touched): void {
    for (const touch of touches) page.addEventListener(touch, () => this.#touched(), { passive: true, capture: true });
    this.#wait();
  }

  choose(minutes: SaverMinutes): void {
    this.minutes = minutes;
    this.#store.setItem(storedAs, String(minutes ?? ''));
    this.#wait();
  }

  wake(): void {
    this.on = false;
    this.#wait();
  }

  #touched(): void {
    // What wakes the screen does nothing else: the cover itself takes it.
    if (!this.on) this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.minutes !== null) this.#timer = setTimeout(() => (this.on = true), this.minutes * 60_000);
  }
}
