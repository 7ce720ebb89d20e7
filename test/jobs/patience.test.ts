// The counts and clocks that decide when a job is given up.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deaths } from '../../appliance/daemon/jobs/deaths.ts';
import { Stopwatch, type Verdict } from '../../appliance/daemon/jobs/stopwatch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('three deaths within a few frames are once too often, unless the job came further between them', () => {
  const deaths = new Deaths();
  expect([deaths.add(100), deaths.add(104), deaths.add(98)]).toEqual([false, false, true]);
  const onward = new Deaths();
  expect([100, 101, 300, 299, 500, 501, 700].map((frame) => onward.add(frame))).toEqual(Array(7).fill(false));
  const toAndFro = new Deaths();
  expect([300, -1000, 301, -1000, 299].map((frame) => toAndFro.add(frame))).toEqual([false, false, false, false, true]);
});

test('silence ends the patience, news renews it, and a held job spends none', () => {
  const said: Verdict[] = [];
  const stopwatch = new Stopwatch({ hangMs: 100, longestMs: 100_000 });
  stopwatch.start((verdict) => said.push(verdict));
  vi.advanceTimersByTime(90);
  stopwatch.news();
  vi.advanceTimersByTime(90);
  stopwatch.hold('worker', true);
  stopwatch.hold('appliance', true);
  stopwatch.hold('worker', false);
  vi.advanceTimersByTime(10_000);
  expect(said).toEqual([]);
  stopwatch.hold('appliance', false);
  vi.advanceTimersByTime(101);
  expect(said).toEqual(['hung']);
});

test('the time in all is counted over all workers, without the time between and on hold', () => {
  const said: Verdict[] = [];
  const stopwatch = new Stopwatch({ hangMs: 1e9, longestMs: 1000 });
  for (let worker = 0; worker < 3; worker++) {
    stopwatch.start((verdict) => said.push(verdict));
    vi.advanceTimersByTime(300);
    stopwatch.stop();
    vi.advanceTimersByTime(5000);
  }
  stopwatch.start((verdict) => said.push(verdict));
  stopwatch.hold('appliance', true);
  vi.advanceTimersByTime(5000);
  stopwatch.hold('appliance', false);
  vi.advanceTimersByTime(99);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(said).toEqual(['too long']);
});
