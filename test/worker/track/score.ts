// How well tracks tell who is who: HOTA and IDF1, from boxes with identities on both sides.
import { assign } from '../../../appliance/worker/infer/track/assignment.ts';
import type { Box } from '../../../appliance/contract/frame.ts';
import { overlap } from '../matching.ts';

export interface Known {
  readonly id: number;
  readonly box: Box;
}

export interface ScoredFrame {
  readonly truth: readonly Known[];
  readonly found: readonly Known[];
}

export interface Hota {
  readonly hota: number;
  readonly detA: number;
  readonly assA: number;
}

/** 0.05, 0.10 … 0.95 */
const alphas = Array.from({ length: 19 }, (_, at) => (at + 1) / 20);
const slack = 1e-9;

/**
 * HOTA and its two factors, each 0..1, averaged over the overlaps alpha: Luiten et al., "HOTA: A Higher Order Metric for
 * Evaluating Multi-Object Tracking", IJCV 2021. For one alpha DetA = TP / (TP + FN + FP); AssA is the mean over all
 * TP c of TPA(c) / (TPA(c) + FNA(c) + FPA(c)); HOTA = √(DetA · AssA). Frames are matched as the authors' TrackEval does:
 * once, for the largest sum of overlap times the overlap of the two whole tracks, and what falls short of alpha is dropped.
 */
export function hota(frames: readonly ScoredFrame[]): Hota {
  const [truths, founds] = [lengths(frames, 'truth'), lengths(frames, 'found')];
  const shared = new Counts();
  for (const { truth, found } of frames) {
    const overlaps = truth.map((one) => found.map((other) => overlap(one.box, other.box)));
    const sums = found.map((_, at) => overlaps.reduce((sum, row) => sum + (row[at] ?? 0), 0));
    truth.forEach((one, row) => {
      const total = (overlaps[row] ?? []).reduce((sum, value) => sum + value, 0);
      found.forEach((other, column) => {
        const value = overlaps[row]?.[column] ?? 0;
        if (value > 0) shared.add(one.id, other.id, value / (total + (sums[column] ?? 0) - value));
      });
    });
  }
  const likeness = (one: number, other: number) => {
    const common = shared.of(one, other);
    return common / ((truths.get(one) ?? 0) + (founds.get(other) ?? 0) - common);
  };
  const pairs = frames.flatMap(({ truth, found }) => {
    const gains = truth.map((one) => found.map((other) => likeness(one.id, other.id) * overlap(one.box, other.box)));
    return assign(gains).flatMap(([row, column]) => {
      const [one, other] = [truth[row], found[column]];
      return one && other ? [{ one: one.id, other: other.id, overlap: overlap(one.box, other.box) }] : [];
    });
  });
  const [wanted, told] = [total(truths), total(founds)];
  const scores = alphas.map((alpha) => {
    const right = pairs.filter((pair) => pair.overlap >= alpha - slack);
    const together = new Counts();
    for (const { one, other } of right) together.add(one, other, 1);
    const detA = right.length / Math.max(wanted + told - right.length, 1);
    const association = right.map(({ one, other }) => {
      const common = together.of(one, other);
      return common / ((truths.get(one) ?? 0) + (founds.get(other) ?? 0) - common);
    });
    const assA = association.reduce((sum, value) => sum + value, 0) / Math.max(right.length, 1);
    return { hota: Math.sqrt(detA * assA), detA, assA };
  });
  return { hota: mean(scores, 'hota'), detA: mean(scores, 'detA'), assA: mean(scores, 'assA') };
}

/**
 * IDF1, 0..1: 2 IDTP / (2 IDTP + IDFP + IDFN), where each true identity is paired with at most one found one so that most
 * frames are right, a frame being right at an overlap of at least 0.5: Ristani et al., "Performance Measures and a Data
 * Set for Multi-Target, Multi-Camera Tracking", ECCVW 2016.
 */
export function idf1(frames: readonly ScoredFrame[]): number {
  const [truths, founds] = [lengths(frames, 'truth'), lengths(frames, 'found')];
  const together = new Counts();
  for (const { truth, found } of frames)
    for (const one of truth)
      for (const other of found) if (overlap(one.box, other.box) >= 0.5 - slack) together.add(one.id, other.id, 1);
  const [rows, columns] = [[...truths.keys()], [...founds.keys()]];
  const gains = rows.map((one) => columns.map((other) => together.of(one, other)));
  const right = assign(gains).reduce((sum, [row, column]) => sum + (gains[row]?.[column] ?? 0), 0);
  return (2 * right) / Math.max(total(truths) + total(founds), 1);
}

class Counts {
  readonly #counts = new Map<string, number>();

  add(one: number, other: number, by: number): void {
    this.#counts.set(`${one} ${other}`, this.of(one, other) + by);
  }

  of(one: number, other: number): number {
    return this.#counts.get(`${one} ${other}`) ?? 0;
  }
}

/** Frames that each identity is in. */
function lengths(frames: readonly ScoredFrame[], side: 'truth' | 'found'): Map<number, number> {
  const counts = new Map<number, number>();
  for (const frame of frames) for (const { id } of frame[side]) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

function total(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function mean(scores: readonly Hota[], key: keyof Hota): number {
  return scores.reduce((sum, score) => sum + score[key], 0) / scores.length;
}
