import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readProperties, understand } from '../../../appliance/worker/infer/metadata.ts';
import { constantModel } from '../onnx-file.ts';

describe('the metadata of an ONNX file', () => {
  test('is read whatever the texts are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (metadata) => {
        expect(Object.fromEntries(readProperties(constantModel([1, 7, 20], metadata)))).toEqual({ ...metadata });
      }),
      { numRuns: 50 },
    );
  });

  test('is understood as Ultralytics writes it', () => {
    const properties = new Map([
      ['names', "{0: 'person', 1: 'bicycle'}"],
      ['imgsz', '[480, 640]'],
      ['stride', '32'],
      ['task', 'detect'],
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
      endToEnd: false,
    });
  });

  test('tells a network with suppression inside', () => {
    expect(understand(new Map([['args', "{'nms': True}"]])).endToEnd).toBe(true);
    expect(understand(new Map([['end2end', 'True']])).endToEnd).toBe(true);
  });

  test('of bytes that are no model is refused, never misread', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readProperties(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});
