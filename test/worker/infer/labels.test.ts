import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nothingSaid, readLabels } from '../../../appliance/worker/infer/labels.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-labels-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string, file = 'shop.json') {
  await writeFile(join(folder, file), text);
  return readLabels(join(folder, 'shop.onnx'));
}

const two = new Map([
  [0, 'can'],
  [3, 'box'],
]);

describe('the file beside a model', () => {
  test('need not be there', async () => {
    expect(await readLabels(join(folder, 'shop.onnx'))).toEqual(nothingSaid);
  });

  test.each([
    ['a list', '["can"]', new Map([[0, 'can']])],
    ['an object by class id', '{"0": "can", "3": "box"}', two],
    ['a list among others', '{"names": ["can"], "stride": 32}', new Map([[0, 'can']])],
    ['an object among others', '{"names": {"0": "can", "3": "box"}}', two],
  ])('names classes by %s', async (_, text, names) => {
    expect((await read(text)).names).toEqual(names);
  });

  test('says how the network is to be used', async () => {
    const said = { head: 'yolox', colours: 'rgb', scale: 1 / 255, framing: 'centred', decoded: true } as const;
    expect(await read(JSON.stringify({ ...said, imgsz: 416, stride: 32 }))).toEqual({
      names: null,
      imageSize: [416, 416],
      stride: 32,
      overrides: said,
    });
  });

  test('is the one of labels where there are two', async () => {
    await read('["other"]');
    expect((await read('["can"]', 'shop.labels.json')).names).toEqual(new Map([[0, 'can']]));
  });

  test.each([
    ['no JSON', '["can"', /shop\.json .* no JSON/],
    ['a number', '7', /shop\.json/],
    ['an empty list', '[]', /names/],
    ['an empty object of names', '{"names": {}}', /names/],
    ['an unknown word', '{"names": ["can"], "color": "bgr"}', /color/],
    ['an unknown head', '{"head": "yolov9000"}', /head: .*"yolov8"/],
    ['a name that is no text', '["can", 7]', /names/],
    ['a class id that is none', '{"names": {"first": "can"}}', /names/],
    ['a size that is none', '{"imgsz": 0}', /imgsz/],
    ['more than is read', `["${'x'.repeat(2 ** 20)}"]`, /larger than/],
  ])('is refused for %s', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message) as string,
    });
  });
});
