// The timeline: what of a video is shown of it, and that no finger leads beyond its ends.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FoundObject } from '../../appliance/contract/found.ts';
import { following, momentAt, moved, shareOf, ticks, zoomed } from '../../ui/src/screens/result/moments.ts';
import { marksOf } from '../../ui/src/screens/result/marks.ts';
import type { SeenFrame } from '../../ui/src/screens/result/seen.ts';
import { Selection } from '../../ui/src/screens/result/selection.svelte.ts';

const whole = { from: 0, to: 600 };

describe('the span of a timeline', () => {
  test('keeps the moment under the finger where it is, as far as the video reaches', () => {
    const span = zoomed(whole, 4, 300, whole);
    expect(span).toEqual({ from: 225, to: 375 });
    expect(shareOf(300, zoomed(span, 2, 300, whole))).toBeCloseTo(shareOf(300, span));
    expect(zoomed(span, 1 / 100, 300, whole)).toEqual(whole);
    expect(zoomed(whole, 2, 0, whole)).toEqual({ from: 0, to: 300 });
  });

  test('stays within the video and never becomes nothing, whatever is done to it', () => {
    const move = fc.record({
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      by: fc.integer({ min: -700, max: 700 }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
        let span = whole;
        for (const { factor, share, by } of moves) {
          span = moved(zoomed(span, factor, momentAt(share, span), whole), by, whole);
          expect(span.from).toBeGreaterThanOrEqual(0);
          expect(span.to).toBeLessThanOrEqual(600.000001);
          expect(span.to - span.from).toBeGreaterThanOrEqual(0.999);
        }
      }),
    );
  });

  test('follows the playhead out of sight', () => {
    const span = { from: 100, to: 110 };
    expect(following(span, 105, whole)).toBe(span);
    expect(following(span, 111, whole)).toEqual({ from: 110, to: 120 });
  });

  test('has its marks at round moments', () => {
    expect(ticks({ from: 3, to: 63 }, 8)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(ticks({ from: 0, to: 1 }, 5)).toHaveLength(6);
  });
});

describe('what is drawn over a frame', () => {
  const thing = (trackId: number, x: number, confidence = 0.8): FoundObject => {
    return { tool: null, trackId, classId: 1, className: 'dog', confidence, box: [x, 0, x + 10, 10] };
  };
  const frames = Array.from({ length: 100 }, (_, at): SeenFrame => {
    return { at, index: at, pts: at / 25, things: [thing(1, at), thing(2, 2 * at, 0.3)] };
  });
  const drawn = (selection: Selection) => {
    const frame = frames[90];
    if (!frame) throw new Error('there is such a frame');
    return marksOf({ frame, selection, at: (at) => frames[at], hundredths: (value) => value.toFixed(2) });
  };

  test('has a trail of the last two seconds, its newest point in the middle of the box', () => {
    const [first] = drawn(new Selection());
    expect(first?.label).toBe('#1 dog 0.80');
    expect(first?.trail?.at(-1)).toEqual([95, 5]);
    expect(first?.trail?.[0]).toEqual([45, 5]);
  });

  test('leaves out what is hidden', () => {
    const selection = new Selection();
    selection.confidence = 0.5;
    selection.labels = false;
    selection.trails = false;
    expect(drawn(selection)).toMatchObject([{ label: '', trail: [] }]);
    selection.toggleTrack(1);
    expect(drawn(selection)).toEqual([]);
    selection.toggleTrack(1);
    selection.toggleClass('dog');
    expect(drawn(selection)).toEqual([]);
  });
});
