import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assign } from '../../../appliance/worker/infer/track/assignment.ts';

type Matrix = readonly (readonly number[])[];

/** The most that any assignment gains, by trying them all. */
function best(profits: Matrix, row = 0, taken: ReadonlySet<number> = new Set()): number {
  const ofRow = profits[row];
  if (!ofRow) return 0;
  const without = best(profits, row + 1, taken);
  return ofRow.reduce((most, profit, column) => {
    if (profit <= 0 || taken.has(column)) return most;
    return Math.max(most, profit + best(profits, row + 1, new Set([...taken, column])));
  }, without);
}

const matrix = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })).chain(([rows, columns]) => {
  // Many of no profit and many of the same, as overlaps are.
  const profit = fc.oneof(fc.constantFrom(0, -1, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  const row = fc.array(profit, { minLength: columns, maxLength: columns });
  return fc.array(row, { minLength: rows, maxLength: rows });
});

test('an assignment gains as much as the best of all, and takes each row and column once', () => {
  fc.assert(
    fc.property(matrix, (profits) => {
      const pairs = assign(profits);
      expect(new Set(pairs.map(([row]) => row)).size).toBe(pairs.length);
      expect(new Set(pairs.map(([, column]) => column)).size).toBe(pairs.length);
      for (const [row, column] of pairs) expect(profits[row]?.[column]).toBeGreaterThan(0);
      const gained = pairs.reduce((sum, [row, column]) => sum + (profits[row]?.[column] ?? 0), 0);
      expect(gained).toBeCloseTo(best(profits), 9);
    }),
    { numRuns: 2000 },
  );
});

test('the nearest pair is given up where all together gain more', () => {
  const profits = [
    [0.9, 0.8],
    [0.8, 0],
  ];
  expect(assign(profits)).toEqual([
    [0, 1],
    [1, 0],
  ]);
});
