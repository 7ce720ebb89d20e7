import { describe, expect, test } from 'vitest';
import type { SourceInfo } from '../../appliance/contract/frame.ts';
import { shortfall } from '../../appliance/worker/shortfall.ts';

const source: SourceInfo = {
  container: 'mp4',
  codec: 'h264',
  width: 640,
  height: 360,
  rotation: 0,
  fps: 30,
  duration_s: 20,
  frames: 600,
};

describe('the shortfall of a source', () => {
  test('is nothing where all came', () => {
    expect(shortfall(source, { frames: 600, endS: 20, brokenBy: null })).toEqual([]);
  });

  test('tells where a cut-off source ends', () => {
    const cut = { ...source, frames: 299 };
    expect(shortfall(cut, { frames: 299, endS: 9.966, brokenBy: null })).toEqual(['source ends at 9.97 s of 20.00 s']);
  });

  test('forgives an edit list that shows fewer frames than there are packets', () => {
    const edited = { ...source, frames: 540, duration_s: 16.65 };
    expect(shortfall(edited, { frames: 500, endS: 16.65, brokenBy: null })).toEqual([]);
  });

  test('counts frames that did not decode', () => {
    expect(shortfall(source, { frames: 550, endS: 20, brokenBy: null })).toEqual([
      '50 of 600 frames could not be decoded',
    ]);
  });

  test('tells why decoding stopped', () => {
    expect(shortfall(source, { frames: 30, endS: 1, brokenBy: 'Internal data stream error.' })).toEqual([
      'decoding stopped after 30 frames: Internal data stream error.',
      'source ends at 1.00 s of 20.00 s',
    ]);
  });

  test('expects nothing of a source that says nothing', () => {
    const silent = { ...source, fps: 0, duration_s: 0, frames: null };
    expect(shortfall(silent, { frames: 12, endS: 1, brokenBy: null })).toEqual([]);
  });

  test('forgives a slow time lapse whose last frame has no length', () => {
    const lapse = { ...source, fps: 0.5, duration_s: 20, frames: 10 };
    expect(shortfall(lapse, { frames: 10, endS: 18, brokenBy: null })).toEqual([]);
  });
});
