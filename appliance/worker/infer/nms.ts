// Class-aware non-maximum suppression.

/** Parallel lists, one entry a candidate; boxes as centre and size. */
export interface Candidates {
  readonly score: readonly number[];
  readonly classId: readonly number[];
  readonly centreX: readonly number[];
  readonly centreY: readonly number[];
  readonly width: readonly number[];
  readonly height: readonly number[];
}

/**
 * Positions of the candidates to keep, highest score first (equal scores: the earlier one first), at most `limit`.
 * A candidate goes when a kept one of its class overlaps it by more than `iou`.
 */
export function nonMaximumSuppression(candidates: Candidates, iou: number, limit: number): number[] {
  const { score, classId, centreX, centreY, width, height } = candidates;
  const order = score.map((_, position) => position);
  order.sort((a, b) => at(score, b) - at(score, a) || a - b);
  const keptOfClass = new Map<number, number[]>();
  const kept: number[] = [];
  for (const candidate of order) {
    if (kept.length === limit) break;
    const ofClass = keptOfClass.get(at(classId, candidate)) ?? [];
    if (ofClass.some((other) => overlap(candidate, other) > iou)) continue;
    ofClass.push(candidate);
    keptOfClass.set(at(classId, candidate), ofClass);
    kept.push(candidate);
  }
  return kept;

  /** Intersection over union, 0..1. */
  function overlap(a: number, b: number): number {
    const common = shared(at(centreX, a), at(width, a), at(centreX, b), at(width, b));
    if (common <= 0) return 0;
    const area = common * Math.max(shared(at(centreY, a), at(height, a), at(centreY, b), at(height, b)), 0);
    return area / (at(width, a) * at(height, a) + at(width, b) * at(height, b) - area);
  }
}

/** Length that two spans, given by centre and size, have in common; negative for a gap. */
function shared(centreA: number, sizeA: number, centreB: number, sizeB: number): number {
  return Math.min(centreA + sizeA / 2, centreB + sizeB / 2) - Math.max(centreA - sizeA / 2, centreB - sizeB / 2);
}

/** The lists are parallel: a position that exists in one exists in all. */
function at(list: readonly number[], position: number): number {
  return list[position] ?? 0;
}
