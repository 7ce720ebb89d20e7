import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fit as fitInto, tightSize } from '../../../appliance/worker/infer/letterbox.ts';

const input = { width: 640, height: 640 };

describe('the letterbox', () => {
  // From Ultralytics' LetterBox((640, 640), auto=False): new size, then left and top border.
  test.each([
    [768, 432, 640, 360, 0, 140],
    [640, 360, 640, 360, 0, 140],
    [1920, 1080, 640, 360, 0, 140],
    [321, 181, 640, 361, 0, 139],
    [480, 854, 360, 640, 140, 0],
    [100, 100, 640, 640, 0, 0],
  ])('fits %i×%i as Ultralytics does', (width, height, ...expected) => {
    const fit = fitInto({ width, height, pixelAspect: 1 }, input, 'centred');
    expect([fit.width, fit.height, fit.left, fit.top]).toEqual(expected);
  });

  test('shows a source of wide pixels as wide as it is seen', () => {
    const fit = fitInto({ width: 720, height: 576, pixelAspect: 64 / 45 }, input, 'centred');
    expect([fit.width, fit.height]).toEqual([640, 360]);
    expect(fit.toSource(fit.left, fit.top, fit.left + fit.width, fit.top + fit.height)).toEqual([0, 0, 720, 576]);
  });

  test('brings every box of a source back to where it was', () => {
    const side = fc.integer({ min: 2, max: 5000 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(side, side, share, share, share, share, (width, height, a, b, c, d) => {
        const fit = fitInto({ width, height, pixelAspect: 1 }, input, 'centred');
        const inModel = [
          fit.left + a * fit.width,
          fit.top + b * fit.height,
          fit.left + c * fit.width,
          fit.top + d * fit.height,
        ];
        const back = fit.toSource(...(inModel as [number, number, number, number]));
        [a * width, b * height, c * width, d * height].forEach((value, at) => expect(back[at]).toBeCloseTo(value, 6));
      }),
    );
  });

  test('clips what lies in the border', () => {
    const fit = fitInto({ width: 640, height: 360, pixelAspect: 1 }, input, 'centred');
    expect(fit.toSource(-20, 10, 700, 630)).toEqual([0, 0, 640, 360]);
  });

  test.each([
    ['cornered', [0, 0, 426, 640]],
    ['stretched', [0, 0, 640, 640]],
  ] as const)('puts a picture in %s as its family does', (framing, expected) => {
    const fit = fitInto({ width: 1001, height: 1502, pixelAspect: 1 }, input, framing);
    expect([fit.left, fit.top, fit.width, fit.height]).toEqual(expected);
    expect(fit.toSource(0, 0, fit.width, fit.height)).toEqual([0, 0, 1001, 1502]);
  });

  test.each([
    [1920, 1080, 640, 384],
    [1080, 1920, 384, 640],
    [500, 500, 640, 640],
    [4000, 10, 640, 32],
  ])('leaves %i×%i no more border than the stride asks for', (width, height, ...expected) => {
    const size = tightSize({ width, height, pixelAspect: 1 }, input, 32);
    expect([size.width, size.height]).toEqual(expected);
  });
});
