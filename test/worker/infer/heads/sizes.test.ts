// What a network of any size gives is read by the size of each run's input.
import { describe, expect, test } from 'vitest';
import { recogniseHead } from '../../../../appliance/worker/infer/heads/recognise.ts';
import { nothingSaid } from '../../../../appliance/worker/infer/labels.ts';
import { understand } from '../../../../appliance/worker/infer/metadata.ts';

const square = { width: 64, height: 64 };
const wide = { width: 128, height: 32 };

describe('another size of the input', () => {
  test('moves the grids of YOLOX', () => {
    const overrides = { ...nothingSaid.overrides, decoded: false };
    const metadata = understand(new Map(), { ...nothingSaid, overrides });
    const outputs = (anchors: number, seen: number) => {
      const data = new Float32Array(anchors * 6);
      data.set([0.5, 0.5, 0, 0, 0.9, 1], seen * 6);
      return { output: { dims: [1, anchors, 6], data } };
    };
    const head = recogniseHead({ outputs: outputs(84, 0), metadata, input: square });
    // The last cell but one of the middle grid, 8 × 2 behind 16 × 4: column 6 of row 1, 16 pixels each.
    const [found] = head.read(outputs(84, 64 + 14), 0.5, 0, wide);
    expect(found).toMatchObject({ x1: 96, x2: 112, y1: 16, y2: 32 });
    // The same cell of 4 × 4 behind 8 × 8.
    const [before] = head.read(outputs(84, 64 + 14), 0.5);
    expect(before).toMatchObject({ x1: 32, x2: 48, y1: 48, y2: 64 });
  });

  test('stretches the fractions of RT-DETR', () => {
    const outputs = { output0: { dims: [1, 1, 5], data: Float32Array.of(0.5, 0.5, 0.25, 0.5, 0.75) } };
    const head = recogniseHead({ outputs, metadata: understand(new Map([['names', "['a']"]])), input: square });
    expect(head.read(outputs, 0.5)).toEqual([{ classId: 0, score: 0.75, x1: 24, y1: 16, x2: 40, y2: 48 }]);
    expect(head.read(outputs, 0.5, 0, wide)).toEqual([{ classId: 0, score: 0.75, x1: 48, y1: 8, x2: 80, y2: 24 }]);
  });
});
