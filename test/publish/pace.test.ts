import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job } from '../../appliance/contract/job.ts';
import { Pace } from '../../appliance/daemon/publish/pace.ts';
import { makeJob } from '../support/job.ts';

const id = '11111111-1111-4111-8111-111111111111';
const at = (currentFrame: number): Job => makeJob({ id, currentFrame, seq: currentFrame });

describe('the pace of progress', () => {
  let heard: number[];
  let pace: Pace;
  beforeEach(() => {
    vi.useFakeTimers();
    heard = [];
    pace = new Pace({ intervalMs: 100, deliver: (job) => heard.push(job.currentFrame) });
  });
  afterEach(() => {
    pace.close();
    vi.useRealTimers();
  });

  it('delivers the first at once and the newest at the end of each interval', () => {
    for (let frame = 1; frame <= 1000; frame++) {
      pace.offer(at(frame));
      vi.advanceTimersByTime(1);
    }
    expect(heard).toEqual([1, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    vi.advanceTimersByTime(1000);
    expect(heard).toHaveLength(11);
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
    pace.offer(makeJob());
    pace.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
