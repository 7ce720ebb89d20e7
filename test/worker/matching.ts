// Matches what was found with what should have been, box by box.
import type { Box } from '../../appliance/contract/frame.ts';

export interface Marked {
  readonly class: string;
  readonly box: Box;
}

/** Of `wanted`, those that `found` has with the same class and at least this overlap; each found one serves once. */
export function matched<T extends Marked>(wanted: readonly T[], found: readonly Marked[], iou: number): T[] {
  return pairs(wanted, found, iou).map(([want]) => want);
}

/** Each with the one that was found for it. */
export function pairs<T extends Marked, U extends Marked>(
  wanted: readonly T[],
  found: readonly U[],
  iou: number,
): (readonly [T, U])[] {
  const free = new Set(found);
  return wanted.flatMap((want) => {
    const [best] = [...free]
      .filter((other) => other.class === want.class && overlap(other.box, want.box) >= iou)
      .sort((a, b) => overlap(b.box, want.box) - overlap(a.box, want.box));
    if (best === undefined) return [];
    free.delete(best);
    return [[want, best] as const];
  });
}

/** Intersection over union, 0..1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}
