// The scorer against cases that were reckoned by hand from the formulas.
import { expect, test } from 'vitest';
import type { Box } from '../../../appliance/contract/frame.ts';
import { hota, idf1, type ScoredFrame } from './score.ts';

const box: Box = [0, 0, 10, 10];
const elsewhere: Box = [100, 100, 110, 110];
/** One thing that stays, and what is told of it in each frame: an id, or nothing. */
const told = (ids: readonly (number | null)[], found = box): ScoredFrame[] =>
  ids.map((id) => ({ truth: [{ id: 1, box }], found: id === null ? [] : [{ id, box: found }] }));

test('what is right throughout scores 1', () => {
  const frames = told([7, 7, 7, 7]);
  expect(hota(frames)).toEqual({ hota: 1, detA: 1, assA: 1 });
  expect(idf1(frames)).toBe(1);
});

test('an identity that breaks in the middle halves the association', () => {
  const frames = told([1, 1, 2, 2]);
  // Each of four TP: TPA 2, FNA 2, FPA 0. IDTP 2, IDFN 2, IDFP 2.
  expect(hota(frames).detA).toBe(1);
  expect(hota(frames).assA).toBeCloseTo(1 / 2, 9);
  expect(hota(frames).hota).toBeCloseTo(Math.SQRT1_2, 9);
  expect(idf1(frames)).toBeCloseTo(4 / 8, 9);
});

test('misses and false alarms lower the detection, and the association of what they touch', () => {
  const alarm = { id: 9, box: elsewhere };
  const frames = told([1, 1, 1, null]).map(({ truth, found }) => ({ truth, found: [...found, alarm] }));
  // TP 3, FN 1, FP 4; each TP: TPA 3, FNA 1, FPA 0. IDTP 3, IDFN 1, IDFP 4.
  expect(hota(frames).detA).toBeCloseTo(3 / 8, 9);
  expect(hota(frames).assA).toBeCloseTo(3 / 4, 9);
  expect(hota(frames).hota).toBeCloseTo(Math.sqrt((3 / 8) * (3 / 4)), 9);
  expect(idf1(frames)).toBeCloseTo(6 / 11, 9);
});

test('two that are swapped in the last frame are matched for their whole tracks', () => {
  const [one, other] = [box, elsewhere];
  const truth = [
    { id: 1, box: one },
    { id: 2, box: other },
  ];
  const right = { truth, found: truth };
  const swapped = {
    truth,
    found: [
      { id: 2, box: one },
      { id: 1, box: other },
    ],
  };
  const frames = [right, right, right, swapped];
  // Six TP with TPA 3, FNA 1, FPA 1, two TP with TPA 1, FNA 3, FPA 3. IDTP 6, IDFN 2, IDFP 2.
  expect(hota(frames).detA).toBe(1);
  expect(hota(frames).assA).toBeCloseTo((6 * (3 / 5) + 2 * (1 / 7)) / 8, 9);
  expect(idf1(frames)).toBeCloseTo(12 / 16, 9);
});

test('a box counts at the overlaps that it reaches', () => {
  // Overlap 0.5: right for the ten alphas up to 0.50 of nineteen, and just enough for an identity.
  const frames = told([1, 1], [0, 0, 10, 5]);
  expect(hota(frames).hota).toBeCloseTo(10 / 19, 9);
  expect(idf1(frames)).toBe(1);
  expect(idf1(told([1, 1], [0, 0, 10, 4.9]))).toBe(0);
});

test('where nothing is and nothing is told, nothing is scored', () => {
  expect(hota([{ truth: [], found: [] }])).toEqual({ hota: 0, detA: 0, assA: 0 });
  expect(idf1([{ truth: [], found: [] }])).toBe(0);
});
