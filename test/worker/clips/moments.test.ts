// From detections to moments, whatever is seen when.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ResultFrame } from '../../../appliance/contract/frame.ts';
import { ClipRule } from '../../../appliance/contract/plan.ts';
import { MomentFinder, type Moments } from '../../../appliance/worker/clips/moments.ts';

type Seen = readonly [atS: number, name: string, confidence: number];

function line(index: number, pts_s: number, objects: readonly (readonly [string, number])[]): ResultFrame {
  const [class_name, confidence] = [objects.map(([name]) => name), objects.map(([, sure]) => sure)];
  const xyxy = objects.map((): [number, number, number, number] => [0, 0, 1, 1]);
  return { frame_index: index, pts_s, detections: { xyxy, confidence, class_id: objects.map(() => 0), class_name } };
}

/** Ten frames a second for `endS` seconds, in which this was seen. */
function find(rules: readonly Partial<ClipRule>[], seen: readonly Seen[], endS = 60, most = 500): Moments {
  const finder = new MomentFinder(
    rules.map((rule) => ClipRule.parse({ class: 'person', ...rule })),
    most,
  );
  for (let index = 0; index <= endS * 10; index++) {
    const objects = seen
      .filter(([atS]) => Math.round(atS * 10) === index)
      .map(([, name, sure]) => [name, sure] as const);
    finder.take(line(index, index / 10, objects));
  }
  return finder.end(endS);
}

const during = (fromS: number, toS: number, confidence = 0.8): Seen[] =>
  Array.from(
    { length: Math.round((toS - fromS) * 10) + 1 },
    (_, at) => [fromS + at / 10, 'person', confidence] as const,
  );

test('a moment is as long as something is seen, and the rolls', () => {
  const { kept } = find([{}], [...during(10, 14, 0.7), [12, 'person', 0.95], [12, 'dog', 0.99]]);
  const seen = { seenFromS: 10, seenToS: 14, fromS: 8, toS: 16 };
  expect(kept).toEqual([{ class: 'person', ...seen, best: 0.95, bestAtS: 12 }]);
});

test('what is seen too weakly, too shortly, or is of another class makes none', () => {
  expect(find([{}], during(10, 14, 0.49)).kept).toEqual([]);
  expect(find([{}], during(10, 10.9)).kept).toEqual([]);
  expect(find([{ class: 'dog' }], during(10, 14)).kept).toEqual([]);
  expect(find([{ min_duration_s: 0 }], [[10, 'person', 0.5]]).kept).toHaveLength(1);
});

test('a short absence ends nothing, a longer one does, and clips that would overlap are one', () => {
  const parts = [...during(10, 12), ...during(13, 15)];
  expect(find([{ max_gap_s: 1 }], parts).kept).toMatchObject([{ seenFromS: 10, seenToS: 15 }]);
  const apart = { max_gap_s: 0.5, pre_roll_s: 0.2, post_roll_s: 0.2 };
  expect(find([apart], parts).kept).toMatchObject([{ seenToS: 12 }, { seenFromS: 13 }]);
  expect(find([{ ...apart, post_roll_s: 1 }], parts).kept).toMatchObject([{ seenFromS: 10, seenToS: 15, toS: 16 }]);
});

test('the rolls end with the video', () => {
  const [moment] = find([{ pre_roll_s: 10, post_roll_s: 10 }], during(2, 58)).kept;
  expect([moment?.fromS, moment?.toS]).toEqual([0, 60]);
});

test('clips of different rules may overlap, and stand in the order of their beginnings', () => {
  const seen: Seen[] = [...during(10, 14), ...during(9, 13).map(([atS]): Seen => [atS, 'dog', 0.9])];
  const { kept } = find([{}, { class: 'dog' }, { min_confidence: 0.9 }], seen);
  expect(kept.map((moment) => [moment.class, moment.fromS])).toEqual([
    ['dog', 7],
    ['person', 8],
  ]);
});

test('of more moments than may be kept the surest stay', () => {
  const rule = { min_duration_s: 0, pre_roll_s: 0, post_roll_s: 0, max_gap_s: 0.1 };
  const seen = [0.6, 0.9, 0.7, 0.8, 0.55].map((sure, at): Seen => [10 * at + 1, 'person', sure]);
  const { kept, leftOut } = find([rule], seen, 60, 3);
  expect([kept.map(({ best }) => best), leftOut]).toEqual([[0.9, 0.7, 0.8], 2]);
});

test('several tools in one line count together', () => {
  const finder = new MomentFinder([ClipRule.parse({ class: 'ball', min_duration_s: 0 })], 10);
  const detections = { xyxy: [[0, 0, 1, 1] as [number, number, number, number]], confidence: [0.7], class_id: [0] };
  finder.take({ frame_index: 0, pts_s: 1, one: { detections: { ...detections, class_name: ['person'] } } });
  finder.take({ frame_index: 1, pts_s: 2, two: { detections: { ...detections, class_name: ['ball'] } } });
  expect(finder.end(10).kept).toMatchObject([{ class: 'ball', seenFromS: 2 }]);
});

test('whatever is seen, moments lie in the video, in order, long enough, apart, and hold all that belongs to them', () => {
  const rules = fc.record({
    min_confidence: fc.constantFrom(0, 0.3, 0.5),
    min_duration_s: fc.constantFrom(0, 0.5, 2),
    max_gap_s: fc.constantFrom(0.1, 1, 3),
    pre_roll_s: fc.constantFrom(0, 0.5, 4),
    post_roll_s: fc.constantFrom(0, 0.5, 4),
  });
  const sightings = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0.2, 0.4, 0.6, 1)), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(rules, sightings, (rule, marks) => {
      const seen = marks.map(([tenth, sure]): Seen => [tenth / 10, 'person', sure]);
      const { kept, leftOut } = find([rule], seen, 30);
      const counted = seen.filter(([, , sure]) => sure >= rule.min_confidence).map(([atS]) => atS);
      expect(leftOut).toBe(0);
      for (const [at, moment] of kept.entries()) {
        const { fromS, toS, seenFromS, seenToS, best, bestAtS } = moment;
        expect(0 <= fromS && fromS <= seenFromS && seenFromS <= seenToS && seenToS <= toS && toS <= 30).toBe(true);
        expect(seenToS - seenFromS).toBeGreaterThanOrEqual(rule.min_duration_s);
        expect(counted).toEqual(expect.arrayContaining([seenFromS, seenToS, bestAtS]));
        expect(best).toBe(Math.max(...seen.filter(([atS]) => atS === bestAtS).map(([, , sure]) => sure)));
        const before = kept[at - 1];
        if (before) expect(before.seenToS + rule.post_roll_s).toBeLessThan(seenFromS - rule.pre_roll_s + 1e-9);
      }
      // A sighting outside of all moments belongs to a stretch that was too short.
      const alone = [...new Set(counted)].sort((a, b) => a - b);
      let stretch: number[] = [];
      for (const atS of [...alone, Infinity]) {
        const last = stretch.at(-1);
        if (last !== undefined && atS - last > rule.max_gap_s) {
          const [first = 0] = stretch;
          const within = kept.some(({ seenFromS, seenToS }) => seenFromS <= first && last <= seenToS);
          expect(within).toBe(last - first >= rule.min_duration_s);
          stretch = [];
        }
        stretch.push(atS);
      }
    }),
    { numRuns: 60 },
  );
});
