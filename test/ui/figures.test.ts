// How the screen writes figures.
import { describe, expect, test } from 'vitest';
import {
  bytes,
  count,
  duration,
  listed,
  moment,
  percent,
  rate,
  remaining,
  secondsBetween,
} from '../../ui/src/words/figures.ts';

describe('figures', () => {
  test('show a dash for what is not known, never NaN', () => {
    for (const write of [count, duration, remaining, rate, percent]) {
      expect(write(null)).toBe('–');
      expect(write(NaN)).toBe('–');
      expect(write(Infinity)).toBe('–');
    }
    expect(moment('yesterday', new Date())).toBe('–');
  });

  test.each([
    [0, '0 s'],
    [0.42, '0.4 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [3599.7, '1 h 00 min'],
    [7440, '2 h 04 min'],
  ])('write %d seconds as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  test.each([
    [0.3, 'moments'],
    [1.2, '2 s'],
    [59, '59 s'],
    [61, '1 min 05 s'],
    [599, '10 min'],
    [1801, '31 min'],
    [7200, '2 h 00 min'],
  ])('write %d seconds left as %s, coarser the farther away', (seconds, text) => expect(remaining(seconds)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 KB'],
    [860_000_000, '860 MB'],
    [3_200_000_000, '3.2 GB'],
    [5e15, '5000 TB'],
  ])('write %d bytes as %s', (value, text) => expect(bytes(value)).toBe(text));

  test('write counts and rates', () => {
    expect(count(1_240_000)).toBe('1,240,000');
    expect(rate(28.43)).toBe('28.4');
    expect(rate(240.2)).toBe('240');
    expect(percent(99.9)).toBe('99 %');
  });

  test('write a moment of today by its time, another with its date', () => {
    const morning = new Date(2026, 4, 12, 9, 5);
    expect(moment(morning.toISOString(), new Date(2026, 4, 12, 23))).toBe('09:05');
    expect(moment(morning.toISOString(), new Date(2026, 4, 13))).toBe('12 May, 09:05');
  });

  test('name the first of many', () => {
    expect(listed(['car', 'dog'], 2)).toBe('car, dog');
    expect(listed(['car', 'dog', 'cat', 'cow'], 2)).toBe('car, dog and 2 more');
  });

  test('measure between moments only what is in order', () => {
    expect(secondsBetween('2026-05-12T09:00:00.000Z', '2026-05-12T09:00:01.500Z')).toBe(1.5);
    expect(secondsBetween('2026-05-12T09:00:00.000Z', null)).toBeNull();
    expect(secondsBetween('2026-05-12T09:00:02.000Z', '2026-05-12T09:00:01.000Z')).toBeNull();
  });
});
