import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job } from '../../appliance/contract/job.ts';
import { Pace, type PaceOptions, tenASecond } from '../../appliance/daemon/publish/pace.ts';
import { makeJob } from '../support/job.ts';

const id = '11111111-1111-4111-8111-111111111111';
const at = (currentFrame: number, changes: Partial<Job> = {}): Job =>
  makeJob({ id, currentFrame, seq: currentFrame, ...changes });

describe('the pace of progress', () => {
  let heard: number[];
  /** When, in ms since the test began. */
  let times: number[];
  let pace: Pace;
  function open(options: Omit<PaceOptions, 'deliver'>): void {
    const begun = performance.now();
    pace = new Pace({
      ...options,
      deliver: (job) => {
        heard.push(job.currentFrame);
        times.push(performance.now() - begun);
      },
    });
  }
  beforeEach(() => {
    vi.useFakeTimers();
    [heard, times] = [[], []];
    open({ intervalMs: 100 });
  });
  afterEach(() => {
    pace.close();
    vi.useRealTimers();
  });

  it('delivers the first at once and then the first after each interval, as fresh as it came', () => {
    for (let frame = 0; frame <= 1000; frame += 7) {
      pace.offer(at(frame));
      vi.advanceTimersByTime(7);
    }
    expect(heard).toEqual([0, 105, 210, 315, 420, 525, 630, 735, 840, 945]);
    expect(times).toEqual(heard);
  });

  it('delivers the newest that waits where no other follows', () => {
    for (const frame of [1, 2, 3]) pace.offer(at(frame));
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual([1, 3]);
    expect(times[1]).toBeLessThanOrEqual(210);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says nothing twice, however often it is offered', () => {
    pace.offer(at(1));
    for (let again = 0; again < 50; again++) {
      pace.offer(makeJob({ id, currentFrame: 1, seq: 100 + again }));
      vi.advanceTimersByTime(30);
    }
    expect(heard).toEqual([1]);
    pace.offer(at(2));
    expect(heard).toEqual([1, 2]);
  });

  it('keeps the jobs apart', () => {
    const other = makeJob({ currentFrame: 500 });
    pace.offer(at(1));
    pace.offer(other);
    expect(heard).toEqual([1, 500]);
  });

  it('delivers what waits when flushed, and nothing when there is nothing', () => {
    pace.offer(at(1));
    pace.flush(id);
    pace.offer(at(2));
    pace.flush(id);
    pace.flush(id);
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual([1, 2]);
  });

  it('delivers at once what is told now, and forgets the older that waited', () => {
    pace.offer(at(1));
    pace.offer(at(2));
    pace.now(at(3));
    vi.advanceTimersByTime(1000);
    expect(heard).toEqual([1, 3]);
  });

  it('keeps no timer for a job that was dropped', () => {
    pace.offer(at(1));
    pace.offer(at(2));
    pace.drop(id);
    expect(vi.getTimerCount()).toBe(0);
    expect(heard).toEqual([1]);
  });

  it('keeps no timer after it was closed', () => {
    pace.offer(at(1));
    pace.offer(at(2));
    pace.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  describe('of ten a second', () => {
    beforeEach(() => open(tenASecond));

    it('holds back nothing of a source that keeps the interval, though its reports are late on the way', () => {
      const lateMs = [0, 3, 45, 0, 12, 50, 0, 1, 30, 2];
      const arrivals = Array.from({ length: 100 }, (_, report) => report * 105 + (lateMs[report % 10] ?? 0));
      for (const [report, arrival] of arrivals.entries()) {
        vi.advanceTimersByTime(arrival - (arrivals[report - 1] ?? 0));
        pace.offer(at(report + 1));
      }
      expect(times).toEqual(arrivals);
    });

    it('tells no more than ten in any second, however fast the reports come and however late some of them', () => {
      for (let frame = 1; frame <= 3000; frame++) {
        pace.offer(at(frame));
        vi.advanceTimersByTime(frame % 40 === 0 ? 33 : 1);
      }
      const most = Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1000).length));
      expect(most).toBe(10);
    });

    it('tells a new stage and the first frame at once, and then less for a while', () => {
      pace.offer(at(0, { stage: 'probing' }));
      pace.offer(at(0, { stage: 'analyzing' }));
      for (let frame = 1; frame <= 1000; frame += 5) {
        vi.advanceTimersByTime(5);
        pace.offer(at(frame, { stage: 'analyzing' }));
      }
      expect(heard.slice(0, 3)).toEqual([0, 0, 1]);
      expect(times.slice(0, 4)).toEqual([0, 0, 5, 315]);
      expect(times.length).toBeLessThanOrEqual(10);
    });

    it('thins stages too where they change all the time', () => {
      for (let turn = 0; turn < 1000; turn++) {
        pace.offer(at(turn, { stage: turn % 2 === 0 ? 'probing' : 'analyzing' }));
        vi.advanceTimersByTime(1);
      }
      expect(times.length).toBeLessThanOrEqual(14);
    });
  });
});
