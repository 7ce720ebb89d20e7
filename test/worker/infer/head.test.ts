import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readColumns } from '../../../appliance/worker/infer/heads/columns.ts';
import type { Candidate } from '../../../appliance/worker/infer/heads/head.ts';
import { suppress } from '../../../appliance/worker/infer/nms.ts';

interface Found {
  readonly classId: number;
  readonly score: number;
  readonly box: readonly [number, number, number, number];
}

/** The textbook: every anchor's best class, then again and again the best one left, without all it overlaps. */
function naive(output: Float32Array, classes: number, anchors: number, threshold: number, iou: number): Found[] {
  const at = (row: number, anchor: number) => output[row * anchors + anchor] ?? 0;
  let left: Found[] = [];
  for (let anchor = 0; anchor < anchors; anchor++) {
    const scores = Array.from({ length: classes }, (_, classId) => at(4 + classId, anchor));
    const score = Math.max(...scores);
    const [x, y, w, h] = [at(0, anchor), at(1, anchor), at(2, anchor), at(3, anchor)];
    const box = [x - w / 2, y - h / 2, x + w / 2, y + h / 2] as const;
    if (score >= threshold) left.push({ classId: scores.indexOf(score), score, box });
  }
  const kept: Found[] = [];
  for (;;) {
    const best = left.reduce<Found | undefined>((a, b) => (a !== undefined && a.score >= b.score ? a : b), undefined);
    if (best === undefined) return kept;
    kept.push(best);
    left = left.filter(
      (found) => found !== best && (found.classId !== best.classId || overlap(found.box, best.box) <= iou),
    );
  }
}

function overlap(a: Found['box'], b: Found['box']): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common);
}

function found(candidates: readonly Candidate[]): Found[] {
  return candidates.map(({ classId, score, x1, y1, x2, y2 }) => ({ classId, score, box: [x1, y1, x2, y2] }));
}

// Distinct scores: of two equal ones either may come first.
const output = fc
  .record({ classes: fc.integer({ min: 1, max: 4 }), anchors: fc.integer({ min: 1, max: 40 }) })
  .chain((head) =>
    fc.record({
      head: fc.constant(head),
      boxes: fc.array(
        fc.tuple(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })),
        {
          minLength: head.anchors,
          maxLength: head.anchors,
        },
      ),
      scores: fc.uniqueArray(fc.float({ min: 0, max: 1, noNaN: true }), {
        minLength: head.anchors * head.classes,
        maxLength: head.anchors * head.classes,
        comparator: 'SameValueZero',
      }),
    }),
  );

describe('head and suppression', () => {
  test('find what the textbook finds', () => {
    fc.assert(
      fc.property(
        output,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (made, threshold, iou) => {
          const { head, boxes, scores } = made;
          const rows = [0, 1, 2, 3].flatMap((row) => boxes.map((box) => box[row] ?? 0));
          const numbers = Float32Array.from([...rows, ...scores]);
          const candidates = readColumns(numbers, head, threshold);
          expect(found(suppress(candidates, iou, 1000))).toEqual(
            naive(numbers, head.classes, head.anchors, threshold, iou),
          );
        },
      ),
    );
  });

  test('leave out what is not a number', () => {
    const numbers = Float32Array.from([5, 5, 5, 5, 2, 2, 2, 2, NaN, 0.5]);
    expect(readColumns(numbers, { classes: 1, anchors: 2 }, 0).map(({ score }) => score)).toEqual([0.5]);
  });

  test('keep a score that is the threshold, and none that is the least bit below', () => {
    const near = (float: number) => {
      const bits = new Int32Array(Float32Array.of(float).buffer)[0] ?? 0;
      return [...new Float32Array(Int32Array.from({ length: 40 }, (_, at) => bits + at - 20).buffer)];
    };
    for (const threshold of [0.1, 0.25, 0.3, 0.7, 0.999, 1, 1e-30, 1e-42]) {
      const scores = near(threshold).map((score) => Math.min(score, 1));
      const anchors = scores.length;
      const numbers = Float32Array.from([...new Array<number>(4 * anchors).fill(5), ...scores]);
      const kept = readColumns(numbers, { classes: 1, anchors }, threshold).map(({ score }) => score);
      expect(kept).toEqual(scores.filter((score) => score >= threshold));
      expect(kept.length).toBeGreaterThan(15);
    }
  });

  test('keep at most the limit, the best first', () => {
    const numbers = Float32Array.from([10, 50, 90, 5, 5, 5, 4, 4, 4, 4, 4, 4, 0.2, 0.9, 0.5]);
    const candidates = readColumns(numbers, { classes: 1, anchors: 3 }, 0.1);
    expect(suppress(candidates, 0.5, 2).map(({ x1 }) => x1)).toEqual([48, 88]);
  });
});
