// Every head reads what its family's textbook reads, of every picture of a batch.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Candidate, Head, Outputs } from '../../../../appliance/worker/infer/heads/head.ts';
import type { HeadName } from '../../../../appliance/worker/infer/heads/names.ts';
import { recogniseHead } from '../../../../appliance/worker/infer/heads/recognise.ts';
import { nothingSaid } from '../../../../appliance/worker/infer/labels.ts';
import { understand } from '../../../../appliance/worker/infer/metadata.ts';

const input = { width: 64, height: 96 };
const strides = [8, 16, 32];
/** Of that input, one a cell: 8 × 12, 4 × 6 and 2 × 3. */
const cells = strides.flatMap((stride) => {
  const across = input.width / stride;
  const count = (across * input.height) / stride;
  return Array.from({ length: count }, (_, at) => ({ x: at % across, y: Math.floor(at / across), stride }));
});

/** One thing in a picture, by an anchor of its own: centre and size in pixels, objectness, a score a class. */
interface Thing {
  readonly anchor: number;
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly objectness: number;
  readonly scores: readonly number[];
}

interface Layout {
  readonly name: HeadName;
  readonly anchors: number;
  readonly hasObjectness?: boolean;
  /** Of each picture of the batch. */
  readonly outputs: (pictures: readonly (readonly Thing[])[], classes: number) => Outputs;
}

const corners = ([x, y, width, height]: Thing['box']) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
const best = ({ scores }: Thing) => Math.max(...scores);
const bestClass = (thing: Thing) => thing.scores.indexOf(best(thing));

/** `[batch, anchors, columns]` of what a thing's row is; the rows of anchors without a thing are `empty`. */
function table(
  pictures: readonly (readonly Thing[])[],
  anchors: number,
  row: (thing: Thing) => readonly number[],
  empty: readonly number[],
) {
  const numbers = pictures.flatMap((things) => {
    const rows: (readonly number[])[] = Array.from({ length: anchors }, () => empty);
    for (const thing of things) rows[thing.anchor] = row(thing);
    return rows.flat();
  });
  return { dims: [pictures.length, anchors, empty.length], data: Float32Array.from(numbers) };
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

const layouts: readonly Layout[] = [
  {
    name: 'yolov8',
    anchors: 40,
    outputs: (pictures, classes) => {
      const rows = table(pictures, 40, ({ box, scores }) => [...box, ...scores], zeros(4 + classes));
      const [batch = 0, anchors = 0, columns = 0] = rows.dims;
      const data = rows.data.map((_, at) => {
        const [picture, within] = [Math.floor(at / (anchors * columns)), at % (anchors * columns)];
        return (
          rows.data[picture * anchors * columns + (within % anchors) * columns + Math.floor(within / anchors)] ?? 0
        );
      });
      return { output0: { dims: [batch, columns, anchors], data } };
    },
  },
  {
    name: 'yolov5',
    anchors: 40,
    hasObjectness: true,
    outputs: (pictures, classes) => ({
      output: table(pictures, 40, ({ box, objectness, scores }) => [...box, objectness, ...scores], zeros(5 + classes)),
    }),
  },
  {
    name: 'yolox',
    anchors: cells.length,
    hasObjectness: true,
    outputs: (pictures, classes) => ({
      output: table(
        pictures,
        cells.length,
        ({ anchor, box: [x, y, width, height], objectness, scores }) => {
          const cell = cells[anchor] ?? { x: NaN, y: NaN, stride: NaN };
          const { stride } = cell;
          const sides = [Math.log(width / stride), Math.log(height / stride)];
          return [x / stride - cell.x, y / stride - cell.y, ...sides, objectness, ...scores];
        },
        zeros(5 + classes),
      ),
    }),
  },
  {
    name: 'end-to-end',
    anchors: 30,
    outputs: (pictures) => ({
      output0: table(pictures, 30, (thing) => [...corners(thing.box), best(thing), bestClass(thing)], zeros(6)),
    }),
  },
  {
    name: 'rt-detr',
    anchors: 30,
    outputs: (pictures, classes) => ({
      output0: table(
        pictures,
        30,
        ({ box: [x, y, width, height], scores }) => {
          return [x / input.width, y / input.height, width / input.width, height / input.height, ...scores];
        },
        [0.5, 0.5, 0.1, 0.1, ...zeros(classes)],
      ),
    }),
  },
  {
    name: 'yolo-nas',
    anchors: 30,
    outputs: (pictures, classes) => ({
      boxes: table(pictures, 30, ({ box }) => corners(box), [9, 9, 19, 19]),
      scores: table(pictures, 30, ({ scores }) => scores, zeros(classes)),
    }),
  },
  {
    name: 'yolo-nas',
    anchors: 30,
    outputs: (pictures) => ({
      graph2_flat_predictions: {
        dims: [pictures.flat().length, 7],
        data: Float32Array.from(
          pictures.flatMap((things, picture) => {
            return things.flatMap((thing) => [picture, ...corners(thing.box), best(thing), bestClass(thing)]);
          }),
        ),
      },
    }),
  },
];

const thing = (anchors: number, classes: number) =>
  fc.record({
    anchor: fc.nat(anchors - 1),
    box: fc.tuple(
      ...([input.width, input.height, 30, 30] as const).map((most) => fc.double({ min: 1, max: most, noNaN: true })),
    ) as fc.Arbitrary<[number, number, number, number]>,
    objectness: fc.double({ min: 0, max: 1, noNaN: true }),
    scores: fc.uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround), {
      minLength: classes,
      maxLength: classes,
    }),
  });

const scene = (anchors: number) =>
  fc.integer({ min: 1, max: 5 }).chain((classes) =>
    fc.record({
      classes: fc.constant(classes),
      pictures: fc.array(fc.uniqueArray(thing(anchors, classes), { selector: ({ anchor }) => anchor, maxLength: 8 }), {
        minLength: 1,
        maxLength: 3,
      }),
      threshold: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
  );

/** By its name, since what is drawn by chance is no trained network, whose numbers tell. */
function headOf({ name }: Layout, outputs: Outputs, classes: number): Head {
  const names = `{${Array.from({ length: classes }, (_, id) => `${id}: 'class'`).join(', ')}}`;
  const overrides = { ...nothingSaid.overrides, head: name, decoded: false };
  const metadata = understand(new Map([['names', names]]), { ...nothingSaid, overrides });
  return recogniseHead({ outputs, metadata, input });
}

const numbersOf = ({ classId, score, x1, y1, x2, y2 }: Candidate) => [classId, score, x1, y1, x2, y2];

function alike(one: Candidate, other: Candidate): boolean {
  const others = numbersOf(other);
  return numbersOf(one).every((number, at) => Math.abs(number - (others[at] ?? NaN)) < 1e-3);
}

describe.each(layouts)('$name', (layout) => {
  // What is seen when the head is recognised: its boxes tell pixels from fractions.
  const grey = (classes: number): readonly (readonly Thing[])[] => {
    return [[{ anchor: 1, box: [40, 40, 10, 10], objectness: 0.1, scores: [0.1, 0, 0, 0, 0].slice(0, classes) }]];
  };

  test('is read as its textbook reads it', () => {
    fc.assert(
      fc.property(scene(layout.anchors), ({ classes, pictures, threshold }) => {
        const head = headOf(layout, layout.outputs(grey(classes), classes), classes);
        const outputs = layout.outputs(pictures, classes);
        for (const [at, things] of pictures.entries()) {
          const scoreOf = (of: Thing) => best(of) * (layout.hasObjectness === true ? Math.fround(of.objectness) : 1);
          const wanted = things.filter((of) => scoreOf(of) >= threshold);
          const found = head.read(outputs, threshold, at);
          const textbook = wanted.map((of) => {
            const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = corners(of.box);
            return { classId: bestClass(of), score: scoreOf(of), x1, y1, x2, y2 };
          });
          expect(found).toHaveLength(textbook.length);
          for (const one of textbook) expect(found.some((other) => alike(one, other))).toBe(true);
          for (const one of found) expect(textbook.some((other) => alike(one, other))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('gives nothing that is no finite number', () => {
    const numbers = fc.constantFrom(NaN, Infinity, -Infinity, 0.9, 3e38, -3e38, 0, 2);
    fc.assert(
      fc.property(fc.infiniteStream(numbers), (stream) => {
        const outputs = layout.outputs(grey(5), 5);
        const head = headOf(layout, outputs, 5);
        const spoilt = Object.entries(outputs).map(([name, { dims, data }]) => {
          return [name, { dims, data: Float32Array.from([...stream.take(data.length)]) }] as const;
        });
        for (const { classId, score, x1, y1, x2, y2 } of head.read(Object.fromEntries(spoilt), 0.25)) {
          for (const number of [classId, score, x1, y1, x2, y2]) expect(Number.isFinite(number)).toBe(true);
          expect(score).toBeLessThanOrEqual(1);
          expect(x1 <= x2 && y1 <= y2 && classId >= 0 && classId < 5).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });
});
