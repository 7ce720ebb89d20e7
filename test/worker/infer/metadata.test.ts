import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nothingSaid } from '../../../appliance/worker/infer/labels.ts';
import { readMetadata, understand } from '../../../appliance/worker/infer/metadata.ts';
import { readProperties } from '../../../appliance/worker/infer/properties.ts';
import { messageField, textField } from '../../../appliance/worker/infer/protobuf.ts';
import { constantModel } from '../onnx-file.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-metadata-'));
  path = join(folder, 'tiny.onnx');
});
afterAll(() => rm(folder, { recursive: true }));

async function propertiesOf(bytes: Uint8Array): Promise<ReadonlyMap<string, string>> {
  await writeFile(path, bytes);
  return readProperties(path);
}

describe('the metadata of an ONNX file', () => {
  test('is read whatever the texts are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
        async (metadata) => {
          expect(Object.fromEntries(await propertiesOf(constantModel([1, 7, 20], metadata)))).toEqual({ ...metadata });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is read from before and behind a large network without reading that', async () => {
    const property = (key: string) => messageField(14, [textField(1, key), textField(2, 'x'.repeat(100_000))]);
    const size = 300 * 2 ** 20;
    const head = Uint8Array.from([
      7 * 8 + 2,
      ...[0, 7, 14, 21, 28].map((bits) => ((size >> bits) & 0x7f) | (bits < 28 ? 0x80 : 0)),
    ]);
    const file = await open(path, 'w');
    await file.writeFile(Buffer.concat([property('before'), head]));
    const { size: start } = await file.stat();
    await file.write(property('behind'), 0, null, start + size);
    await file.close();
    const before = await bytesRead();
    expect([...(await readProperties(path)).keys()]).toEqual(['before', 'behind']);
    expect((await bytesRead()) - before).toBeLessThan(2 ** 20);
  });

  test('of bytes that are no model is refused, never misread', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await propertiesOf(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(SyntaxError));
      }),
    );
  });

  test.each([
    [
      'longer than any honest one',
      messageField(14, [textField(1, 'names'), new Uint8Array(5 * 2 ** 20)]),
      /bytes of metadata/,
    ],
    ['of more fields than any honest one', new Uint8Array(400_000).fill(8), /fields/],
    ['that promises more than there is', Uint8Array.from([14 * 8 + 2, 0xff, 0xff, 0x7f, 1]), /no.* protobuf/],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(propertiesOf(bytes)).rejects.toThrow(message);
  });

  /** By system calls of this process. */
  async function bytesRead(): Promise<number> {
    return Number(/rchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
  }
});

describe('metadata', () => {
  test('is understood as Ultralytics writes it', () => {
    const properties = new Map([
      ['names', "{0: 'person', 1: 'bicycle'}"],
      ['imgsz', '[480, 640]'],
      ['stride', '32'],
      ['task', 'detect'],
      ['head', 'Detect'],
      ['end2end', 'False'],
      ['args', "{'batch': 1, 'half': False, 'nms': False}"],
    ]);
    expect(understand(properties)).toEqual({
      names: new Map([
        [0, 'person'],
        [1, 'bicycle'],
      ]),
      imageSize: [480, 640],
      stride: 32,
      task: 'detect',
      head: 'Detect',
      endToEnd: false,
      overrides: nothingSaid.overrides,
    });
  });

  test('tells whether suppression is inside, or nothing of it', () => {
    const builtIn = (...properties: [string, string][]) => understand(new Map(properties)).endToEnd;
    expect(builtIn(['args', "{'nms': True}"])).toBe(true);
    expect(builtIn(['end2end', 'False'], ['args', "{'nms': True}"])).toBe(true);
    expect(builtIn(['end2end', 'True'])).toBe(true);
    expect(builtIn(['end2end', 'False'])).toBe(false);
    expect(builtIn(['args', "{'nms': False}"])).toBeNull();
    expect(builtIn()).toBeNull();
  });

  test.each([
    [
      'a list',
      "['a', 'b']",
      [
        [0, 'a'],
        [1, 'b'],
      ],
    ],
    [
      'gaps',
      "{0: 'a', 7: 'b'}",
      [
        [0, 'a'],
        [7, 'b'],
      ],
    ],
    ['ids that are texts', '{"0": "a"}', [[0, 'a']]],
    [
      'names that are numbers',
      '{0: 9, 1: True}',
      [
        [0, '9'],
        [1, 'true'],
      ],
    ],
    ['no names', '{}', null],
  ] as const)('reads names with %s', (_, names, entries) => {
    expect(understand(new Map([['names', names]])).names).toEqual(entries === null ? null : new Map(entries));
  });

  test.each([
    ['names', "{-1: 'a'}", /class id/],
    ['names', "{0.5: 'a'}", /class id/],
    ['names', "{100000: 'a'}", /class id/],
    ['names', "{0: ['a']}", /no text/],
    ['names', `{0: '${'a'.repeat(201)}'}`, /no text/],
    ['names', '__import__("os")', /"names" is no Python literal/],
    ['names', '['.repeat(100_000), /"names" is no Python literal/],
    ['args', "{'nms': lambda: 1}", /"args" is no Python literal/],
  ])('refuses the %s %s', (key, text, message) => {
    expect(() => understand(new Map([[key, text]]))).toThrow(message);
  });

  test.each([
    ['640', [640, 640]],
    ['(320, 640)', [320, 640]],
    ['[0, 640]', null],
    ["['a', 'b']", null],
    ['[640]', null],
  ])('reads the size %s', (text, size) => {
    expect(understand(new Map([['imgsz', text]])).imageSize).toEqual(size);
  });

  test('stands behind what the file beside the model says', async () => {
    await writeFile(path, constantModel([1, 7, 20], { names: "{0: 'person'}", stride: '32', imgsz: '[640, 640]' }));
    await writeFile(join(folder, 'tiny.labels.json'), JSON.stringify({ names: ['dog'], imgsz: [320, 640], scale: 1 }));
    expect(await readMetadata(path)).toMatchObject({
      names: new Map([[0, 'dog']]),
      imageSize: [320, 640],
      stride: 32,
      overrides: { scale: 1, head: null },
    });
  });
});
