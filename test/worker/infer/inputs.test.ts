import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withByteInput } from '../../../appliance/worker/infer/byte-input.ts';
import { readInputs } from '../../../appliance/worker/infer/inputs.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { declaredInputs } from '../../../appliance/worker/infer/onnx.ts';
import { everything } from '../../support/everything.ts';
import { colourModel } from '../onnx-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-inputs-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(bytes: Uint8Array) {
  const path = join(folder, 'tiny.onnx');
  await writeFile(path, bytes);
  return Model.load({ name: 'tiny', path, providers: ['cpu'], threads: 1 });
}

/** Planes of one colour each, whose padding would show if it were ever read. */
function plain(width: number, height: number, colour: readonly [number, number, number]) {
  const stride = (width + 3) & ~3;
  const pixels = new Uint8Array(3 * stride * height).fill(255);
  colour.forEach((value, plane) => {
    for (let y = 0; y < height; y++) {
      const row = (plane * height + y) * stride;
      pixels.fill(value, row, row + width);
    }
  });
  return { width, height, stride, pixels };
}

const fixed = { width: 64, height: 64, box: [32, 32, 16, 8] } as const;
const square = { width: 50, height: 50, pixelAspect: 1 };

describe('a network', () => {
  test.each([
    ['float32', 'first'],
    ['float16', 'first'],
    ['uint8', 'first'],
    ['float32', 'last'],
    ['float16', 'last'],
    ['uint8', 'last'],
  ] as const)('of %s input, colours %s, sees what is on the picture', async (input, planes) => {
    const model = await load(colourModel({ ...fixed, input, planes }));
    expect(model.card.input).toContain(input);
    const detector = await model.detector({ source: square, ...everything(0.001) });
    const seen = await Promise.all([
      detector.detect(plain(64, 64, [255, 102, 0])),
      detector.detect(plain(64, 64, [51, 204, 153])),
    ]);
    // Best class of each: the mean of its plane.
    expect(seen.map(({ class_name: [name], confidence: [score = NaN] }) => [name, Math.round(score * 255)])).toEqual([
      ['red', 255],
      ['green', 204],
    ]);
  });

  test('that takes any size gets no more border than its stride asks for', async () => {
    const metadata = { names: "{0: 'red', 1: 'green', 2: 'blue'}", stride: '32', imgsz: '[64, 64]' };
    const model = await load(colourModel({ ...fixed, open: true, metadata }));
    expect(model.card).toMatchObject({ inputWidth: 64, inputHeight: 64 });
    const detector = await model.detector({ source: { width: 128, height: 64, pixelAspect: 1 }, ...everything(0.001) });
    expect(detector.pictureSize).toMatchObject({ width: 64, height: 32 });
    const { confidence } = await detector.detect(plain(64, 32, [255, 0, 0]));
    // In 64 × 64 half of it would be grey.
    expect(confidence[0]).toBeCloseTo(1, 3);
  });

  test('of 8-bit integers inside is one like any other', async () => {
    const model = await load(colourModel({ ...fixed, quantised: true }));
    const detector = await model.detector({ source: square, ...everything(0.001) });
    const { class_name: names, confidence } = await detector.detect(plain(64, 64, [0, 204, 51]));
    expect(names).toEqual(['green']);
    expect(confidence[0]).toBeCloseTo(204 / 255, 2);
  });

  test('refuses a third picture while it looks at two', async () => {
    const model = await load(colourModel(fixed));
    const detector = await model.detector({ source: square, ...everything(0.001) });
    const picture = plain(64, 64, [1, 2, 3]);
    const first = [detector.infer(picture), detector.infer(picture)];
    await expect(detector.infer(picture)).rejects.toThrow('two pictures');
    await Promise.all(first);
  });

  test.each([
    ['of two pictures', colourModel({ ...fixed, shape: [2, 3, 64, 64] }), /\[2, 3, 64, 64\]/],
    ['of one colour', colourModel({ ...fixed, shape: [1, 1, 64, 64] }), /\[1, 1, 64, 64\]/],
    ['of another type', colourModel({ ...fixed, input: 'int64' }), /int64/],
  ])('%s is refused with what was seen', async (_, bytes, message) => {
    await expect(load(bytes)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('rewriting a model', () => {
  test('leaves one alone whose weights lie elsewhere, or whose operators are too old', async () => {
    const picture = (model: Uint8Array) => readInputs(declaredInputs(model)).picture;
    const demo = await readFile(join(import.meta.dirname, '../../../models/demo.onnx'));
    expect(withByteInput(demo, picture(demo))).not.toBeNull();
    const old = colourModel({ ...fixed, opset: 9 });
    expect(withByteInput(old, picture(old))).toBeNull();
    const elsewhere = colourModel({ ...fixed, weightsElsewhere: true });
    expect(withByteInput(elsewhere, picture(elsewhere))).toBeNull();
  });

  test('of an old one is not needed where it takes floats', async () => {
    // Opset 9 has Cast, Mul, ReduceMean, Reshape, Expand and Concat as the model uses them.
    const model = await load(colourModel({ ...fixed, opset: 9 }));
    const detector = await model.detector({ source: square, ...everything(0.001) });
    const { class_name: names, confidence } = await detector.detect(plain(64, 64, [0, 51, 255]));
    expect(names).toEqual(['blue']);
    expect(confidence[0]).toBeCloseTo(1, 3);
  });
});
