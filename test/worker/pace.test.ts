import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pace } from '../../appliance/worker/pace.ts';

describe('the pace of reports', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('lets the first through at once, then the first that is made after each interval', () => {
    const sent: { report: number; at: number }[] = [];
    const begun = performance.now();
    const pace = new Pace<number>((report) => sent.push({ report, at: performance.now() - begun }), 50);
    for (let made = 0; made < 1000; made += 8) {
      pace.report(made);
      vi.advanceTimersByTime(8);
    }
    expect(sent.every(({ report, at }) => report === at)).toBe(true);
    expect(sent.slice(0, 3).map(({ at }) => at)).toEqual([0, 56, 112]);
    pace.close();
    expect(sent.at(-1)?.report).toBe(992);
  });

  test('sends every report at once where they come no faster than the interval', () => {
    const sent: number[] = [];
    const pace = new Pace<number>((report) => sent.push(report), 50);
    for (let report = 1; report <= 10; report++) {
      pace.report(report);
      expect(sent.at(-1)).toBe(report);
      vi.advanceTimersByTime(50);
    }
    pace.close();
    expect(sent).toHaveLength(10);
  });

  test('sends a report that was held back even where no other follows', () => {
    const sent: string[] = [];
    const pace = new Pace<string>((report) => sent.push(report), 50);
    pace.report('first');
    pace.report('second');
    vi.advanceTimersByTime(100);
    expect(sent).toEqual(['first', 'second']);
    pace.close();
    expect(sent).toEqual(['first', 'second']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
