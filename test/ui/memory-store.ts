// What localStorage does, for classes that are handed one.
import type { KeyStore } from '../../ui/src/state/access.svelte.ts';

export function memoryStore(entries: Record<string, string> = {}): KeyStore {
  const kept = new Map(Object.entries(entries));
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
  };
}
