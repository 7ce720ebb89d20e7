import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { everything } from '../../support/everything.ts';
import { colourModel, constantModel } from '../onnx-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(bytes: Uint8Array, providers: Parameters<typeof Model.load>[0]['providers'] = ['cpu']) {
  const path = join(folder, 'tiny.onnx');
  await writeFile(path, bytes);
  return Model.load({ name: 'tiny', path, providers, threads: 1 });
}

function plain(width: number, height: number, colour: readonly [number, number, number]) {
  const stride = (width + 3) & ~3;
  const pixels = new Uint8Array(3 * stride * height);
  // Garbage in the row padding shows if it is ever read.
  colour.forEach((value, plane) => {
    for (let at = 0; at < stride * height; at++)
      pixels[plane * stride * height + at] = at % stride < width ? value : 255;
  });
  return { width, height, stride, pixels };
}

const colours = { width: 64, height: 64, box: [32, 32, 16, 8] } as const;

describe('a model', () => {
  test('tells on its card what it is and where it runs', async () => {
    const bytes = colourModel(colours);
    const model = await load(bytes);
    expect(model.card).toEqual({
      name: 'tiny',
      sha256: createHash('sha256').update(bytes).digest('hex'),
      provider: 'cpu',
      input: 'images float32 [1, 3, 64, 64]',
      layout: expect.stringContaining('[1, 7, 8]') as string,
      classes: ['red', 'green', 'blue'],
      inputWidth: 64,
      inputHeight: 64,
      stride: 32,
      threads: 1,
      task: 'detect',
    });
    expect(model.refused).toEqual([]);
  });

  test('without metadata numbers its classes', async () => {
    const model = await load(colourModel({ ...colours, metadata: {} }));
    expect(model.card.classes).toEqual(['class 0', 'class 1', 'class 2']);
  });

  test('says why each provider before the one in use was refused', async () => {
    const model = await load(colourModel(colours), ['tensorrt', 'cuda', 'cpu']);
    expect(model.card.provider).toBe('cpu');
    expect(model.refused.map(({ provider }) => provider)).toEqual(['tensorrt', 'cuda']);
    for (const { reason } of model.refused) expect(reason).not.toBe('');
  });

  test('refuses to run where no provider of the ladder does', async () => {
    await expect(load(colourModel(colours), ['tensorrt'])).rejects.toMatchObject({
      code: 'provider-unavailable',
      message: expect.stringContaining('Add cpu to the ladder') as string,
    });
  });

  test.each(['float32', 'uint8'] as const)(
    'of %s input sees planes R, G, B in 0..1 with grey borders',
    async (input) => {
      const model = await load(colourModel({ ...colours, input }));
      const detector = await model.detector({
        source: { width: 102, height: 51, pixelAspect: 1 },
        ...everything(0.01, 0.5),
      });
      expect(detector.pictureSize).toMatchObject({ width: 64, height: 32 });
      const { class_name: names, confidence } = await detector.detect(plain(64, 32, [255, 102, 0]));
      // All classes share one anchor, and the best one wins: half red at 1, half border at 114 / 255.
      expect(names).toEqual(['red']);
      expect(confidence[0]).toBeCloseTo((1 + 114 / 255) / 2, 3);
    },
  );

  test('gives its boxes in pixels of the source', async () => {
    const model = await load(colourModel(colours));
    const detector = await model.detector({
      source: { width: 128, height: 64, pixelAspect: 1 },
      ...everything(0.1, 0.5),
    });
    const { xyxy } = await detector.detect(plain(64, 32, [9, 99, 200]));
    expect(xyxy).toEqual([[48, 24, 80, 40]]);
  });

  test('forgets the picture of another shape that was there before', async () => {
    const model = await load(colourModel(colours));
    const wide = await model.detector({ source: { width: 64, height: 32, pixelAspect: 1 }, ...everything(0.01, 0.5) });
    await wide.detect(plain(64, 32, [255, 255, 255]));
    const tall = await model.detector({ source: { width: 30, height: 60, pixelAspect: 1 }, ...everything(0.01, 0.5) });
    const { confidence } = await tall.detect(plain(32, 64, [0, 0, 0]));
    expect(confidence[0]).toBeCloseTo(114 / 255 / 2, 3);
  });
});

describe('a file that is no usable model', () => {
  test('is missing', async () => {
    const missing = Model.load({ name: 'gone', path: join(folder, 'gone.onnx'), providers: ['cpu'], threads: 1 });
    await expect(missing).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining('gone.onnx') as string,
    });
  });

  test.each([
    ['empty', new Uint8Array(), /ONNX/],
    ['garbage', Uint8Array.from({ length: 4000 }, (_, at) => (at * 97) % 251), /ONNX/],
    ['cut off', colourModel(colours).slice(0, 300), /ONNX/],
    ['of another layout', constantModel([1, 300, 6]), /\[1, 300, 6\].*understands/],
    ['of the old YOLOv5 layout', constantModel([1, 25200, 85]), /\[1, 25200, 85\]/],
    ['end to end', constantModel([1, 6, 300], { end2end: 'True', task: 'detect' }), /suppression built in/],
    ['for another task', constantModel([1, 56, 8400], { task: 'pose' }), /"pose"/],
    ['at odds with its metadata', constantModel([1, 7, 100], { names: "{0: 'a'}" }), /3 classes.*names 1/],
    ['with metadata that is no literal', colourModel({ ...colours, metadata: { names: '__import__("os")' } }), /ONNX/],
  ])('%s', async (_, bytes, message) => {
    await expect(load(bytes)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});
