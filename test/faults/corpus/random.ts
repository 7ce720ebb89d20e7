// Chance that comes out the same in every run: the corpus is made anew each time, and a finding must be found again.

export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ n < end, whole. */
  below(end: number): number;
  /** Throws for an empty list. */
  pick<T>(from: readonly T[]): T;
}

/** mulberry32 by Tommy Ettinger; each text has a stream of its own, so that one more file changes no other. */
export function randomFor(seed: string): Random {
  let state = Buffer.from(seed).reduce((hash, byte) => Math.imul(hash ^ byte, 16777619), 2166136261);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  const pick = <T>(from: readonly T[]): T => {
    const [chosen] = from.slice(below(from.length));
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  };
  return { next, below, pick };
}
