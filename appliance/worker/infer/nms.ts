// Class-aware non-maximum suppression.
import type { Candidate } from './heads/head.ts';

/**
 * Those to keep, highest score first (equal scores: the earlier one first), at most `limit`. A candidate goes when a
 * kept one of its class overlaps it by more than `iou`.
 */
export function suppress(candidates: readonly Candidate[], iou: number, limit: number): Candidate[] {
  const keptOfClass = new Map<number, Candidate[]>();
  const kept: Candidate[] = [];
  for (const candidate of bestFirst(candidates)) {
    if (kept.length === limit) break;
    const ofClass = keptOfClass.get(candidate.classId) ?? [];
    if (ofClass.some((other) => overlap(candidate, other) > iou)) continue;
    ofClass.push(candidate);
    keptOfClass.set(candidate.classId, ofClass);
    kept.push(candidate);
  }
  return kept;
}

export function bestFirst(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) => b.score - a.score); // stable: the earlier of two equal ones stays first
}

/** Intersection over union, 0..1. */
function overlap(a: Candidate, b: Candidate): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - common);
}
