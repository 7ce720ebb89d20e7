import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Pace } from '../../appliance/worker/pace.ts';

describe('the pace of reports', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('lets the first through at once, then the newest of each interval', () => {
    const sent: number[] = [];
    const pace = new Pace<number>((report) => sent.push(report), 50);
    for (let report = 1; report <= 100; report++) {
      pace.report(report);
      vi.advanceTimersByTime(10);
    }
    expect(sent[0]).toBe(1);
    expect(sent.length).toBeLessThanOrEqual(21);
    expect(sent.length).toBeGreaterThanOrEqual(19);
    pace.close();
    expect(sent.at(-1)).toBe(100);
  });

  test('sends a report that was held back even where no other follows', () => {
    const sent: string[] = [];
    const pace = new Pace<string>((report) => sent.push(report), 50);
    pace.report('first');
    pace.report('second');
    vi.advanceTimersByTime(50);
    expect(sent).toEqual(['first', 'second']);
    pace.close();
    expect(sent).toEqual(['first', 'second']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
