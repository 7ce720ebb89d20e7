// A job's progress as text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barLine, decade, durationText, type Shown, stepLine } from '../../appliance/cli/bar.ts';

const half: Shown = {
  status: 'running',
  progress: 50,
  stage: 'analyzing',
  current_frame: 175,
  total_frames: 350,
  fps: 47.13,
  eta_s: 3.7,
  indeterminate: false,
};

describe('barLine', () => {
  it('draws percentage, bar, stage, frames, speed and what is left', () => {
    expect(barLine(half, 120)).toBe(
      ` 50 % ${'█'.repeat(20)}${'░'.repeat(20)} analyzing  175 of 350 frames  47.1 fps  4 s left`,
    );
  });

  it('leaves out what matters least where the terminal is narrow, and never wraps', () => {
    expect(barLine(half, 50)).toContain('175 of 350 frames');
    expect(barLine(half, 50)).not.toContain('left');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 100 }), (columns, progress) => {
        expect(barLine({ ...half, progress }, columns).length).toBeLessThan(Math.max(columns, 1));
      }),
    );
  });

  it('is full at 100 only', () => {
    expect(barLine({ ...half, progress: 99 }, 120)).toContain('░');
    expect(barLine({ ...half, progress: 100, status: 'completed' }, 120)).not.toContain('░');
  });

  it('says so where the length of the video is unknown or the tool reports nothing', () => {
    expect(barLine({ ...half, total_frames: null, eta_s: null }, 120)).toContain('175 frames');
    expect(barLine({ ...half, current_frame: 0, indeterminate: true }, 120)).toContain('no progress reported');
  });

  it('names the status of a job that does not run', () => {
    expect(barLine({ ...half, status: 'pending', stage: 'queued', progress: 0, current_frame: 0 }, 80)).toMatch(
      / pending$/,
    );
  });
});

it('writes a plain sentence for a log', () => {
  expect(stepLine(half)).toBe('50 %: analyzing, 175 of 350 frames, 47.1 fps, 4 s left');
});

it('counts tenths, and takes unknown progress as none', () => {
  expect([0, 9, 10, 39, 100].map((progress) => decade({ ...half, progress }))).toEqual([0, 0, 10, 30, 100]);
  expect(decade({ ...half, progress: null })).toBe(0);
});

it('writes durations as people do', () => {
  expect([0, 3.2, 59.4, 60, 3599.5, 3661].map(durationText)).toEqual([
    '0 s',
    '4 s',
    '1:00',
    '1:00',
    '1:00:00',
    '1:01:01',
  ]);
});
