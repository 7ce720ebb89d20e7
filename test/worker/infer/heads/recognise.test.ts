// Which head is seen in which outputs, and what is said where none is, or more than one.
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../../appliance/contract/fault.ts';
import type { Head, Outputs } from '../../../../appliance/worker/infer/heads/head.ts';
import type { HeadName } from '../../../../appliance/worker/infer/heads/names.ts';
import { recogniseHead } from '../../../../appliance/worker/infer/heads/recognise.ts';
import { nothingSaid, type Overrides } from '../../../../appliance/worker/infer/labels.ts';
import { understand } from '../../../../appliance/worker/infer/metadata.ts';

interface Given {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly said?: Partial<Overrides>;
  readonly input?: readonly [width: number, height: number];
}

type Fill = (row: number, column: number) => number;

/** An output whose number at `row, column` of its last two sides is told by a function. */
function floats(dims: readonly number[], fill: Fill = () => 0) {
  const columns = dims.at(-1) ?? 1;
  const size = dims.reduce((product, side) => product * side, 1);
  const data = Float32Array.from({ length: size }, (_, at) => fill(Math.floor(at / columns), at % columns));
  return { dims, data };
}

function integers(dims: readonly number[]) {
  return { dims, data: new Array<number>(dims.reduce((product, side) => product * side, 1)).fill(0) };
}

function recognise(outputs: Outputs, { metadata = {}, said = {}, input = [640, 640] }: Given = {}): Head {
  const labels = { ...nothingSaid, overrides: { ...nothingSaid.overrides, ...said } };
  const [width, height] = input;
  return recogniseHead({
    outputs,
    metadata: understand(new Map(Object.entries(metadata)), labels),
    input: { width, height },
  });
}

function refusal(outputs: Outputs, given: Given = {}): string {
  try {
    const { layout } = recognise(outputs, given);
    throw new Error(`not refused: ${layout}`);
  } catch (error) {
    expect(error).toMatchObject({ code: 'model-invalid' });
    return (error as Fault).message;
  }
}

function names(count: number): string {
  return `{${Array.from({ length: count }, (_, id) => `${id}: 'class-${id}'`).join(', ')}}`;
}

const columnsOf = (rows: number, anchors: number) =>
  floats([1, rows, anchors], (row, at) => (row < 4 ? 4 + (at % 600) : 0.01));
const rowsOf = (anchors: number, columns: number) =>
  floats([1, anchors, columns], (_, column) => (column < 4 ? 100 : 0.02));
const lastWords = (boxes: number, columns = 6) =>
  floats([1, boxes, columns], (row, column) =>
    column < 4 ? 50 + column * 10 : column === 4 ? 0.1 : column === 5 ? row % 2 : 0.5,
  );
const fractions = (rows: number, columns: number) => floats([1, rows, columns], () => 0.3);

describe('the head', () => {
  test.each([
    ['YOLOv8 of two classes', { o: columnsOf(6, 8400) }, {}, 2, /v8/],
    ['YOLOv8 of few anchors', { o: columnsOf(84, 21) }, { metadata: { names: names(80) } }, 80, /v8/],
    ['YOLOv8 for a batch', { o: floats([3, 7, 8400], (row) => (row % 7 < 4 ? 9 : 0.5)) }, {}, 3, /v8/],
    ['YOLOv5 of one class', { o: rowsOf(25_200, 6) }, {}, 1, /v5/],
    ['YOLOv5 of P6', { o: rowsOf(102_000, 7) }, { input: [1280, 1280] }, 2, /v5/],
    ['YOLOv5 of a wide input', { o: rowsOf(15_120, 85) }, { input: [640, 384] }, 80, /v5/],
    [
      'YOLOv5 with the maps that it is trained by',
      { output: rowsOf(25_200, 7), 417: floats([1, 3, 8, 8, 7]), 481: floats([1, 3, 4, 4, 7]) },
      {},
      2,
      /v5/,
    ],
    ['a segmenting YOLOv5', { o: rowsOf(25_200, 39), p: floats([1, 32, 16, 16]) }, {}, 2, /v5.*masks/],
    ['end to end', { o: lastWords(300) }, { metadata: { names: names(2) } }, 2, /v10/],
    ['end to end of nothing found', { o: floats([1, 300, 6]) }, { metadata: { names: names(2) } }, 2, /v10/],
    [
      'a segmenting end to end',
      { o: lastWords(300, 38), p: floats([1, 32, 16, 16]) },
      { metadata: { names: names(2), task: 'segment', end2end: 'True' } },
      2,
      /masks/,
    ],
    ['RT-DETR of two classes', { o: fractions(300, 6) }, { metadata: { names: names(2) } }, 2, /RT-DETR/],
    ['RT-DETR of many classes', { o: fractions(300, 369) }, { metadata: { names: names(365) } }, 365, /RT-DETR/],
  ] satisfies [string, Outputs, Given, number, RegExp][])('of %s', (_, outputs, given, classes, layout) => {
    const head = recognise(outputs, given);
    expect(head.layout).toMatch(layout);
    expect(head.classes).toBe(classes);
  });

  test('is what the labels file says, and wants its picture so', () => {
    const outputs = { o: rowsOf(100, 7) };
    expect(refusal(outputs)).toContain('no known layout');
    const said = { head: 'yolov5', colours: 'bgr', scale: 1, framing: 'stretched' } as const;
    expect(refusal(outputs, { said: { head: 'yolox' } })).toContain(
      'its labels file says "head": "yolox"; its outputs',
    );
    expect(recognise(outputs, { said })).toMatchObject({ classes: 2, colours: 'bgr', scale: 1, framing: 'stretched' });
  });

  test('of YOLOX that gives no sign of its decoding is what the labels file says', () => {
    const outputs = { output: floats([1, 8400, 7], (row, column) => (column < 4 ? (row % 2) * 500 : 0.1)) };
    expect(refusal(outputs)).toContain('neither offsets from its cells nor boxes about them');
    expect(recognise(outputs, { said: { decoded: false } }).layout).toMatch(/offsets/);
    expect(recognise(outputs, { said: { decoded: true } }).layout).toMatch(/rows of boxes/);
  });
});

describe('a model is refused', () => {
  const understood = /Vedette understands .*YOLOv8.*YOLOv5.*YOLOX.*RT-DETR.*YOLO-NAS/;

  test.each([
    [
      'another task',
      { o: columnsOf(56, 8400) },
      { metadata: { task: 'pose' } },
      /the task "pose".*o floats \[1, 56, 8400\]/,
    ],
    ['turned boxes', { o: columnsOf(20, 8400) }, { metadata: { task: 'obb' } }, /the task "obb"/],
    [
      'masks without prototypes',
      { o: columnsOf(38, 8400) },
      { metadata: { task: 'segment' } },
      /no known layout.*task "segment"/,
    ],
    [
      'other classes than it names',
      { o: columnsOf(7, 100) },
      { metadata: { names: "{0: 'a'}" } },
      /3 classes.*names 1/,
    ],
    [
      'suppression at odds with its output',
      { o: columnsOf(6, 300) },
      { metadata: { end2end: 'True' } },
      /suppression is built in/,
    ],
    ['last words without names', { o: lastWords(300) }, {}, /their names into a JSON file beside the model/],
    [
      'last words of a class without name',
      { o: lastWords(300) },
      { metadata: { names: names(1) } },
      /sees class 1, but its metadata names 1/,
    ],
    [
      'last words that it says are none',
      { o: lastWords(300) },
      { metadata: { names: names(2), end2end: 'False' } },
      /no known layout/,
    ],
    ['fractions without names', { o: fractions(300, 84) }, {}, /their names into a JSON file/],
    ['columns of fractions', { o: fractions(84, 8400) }, { metadata: { names: names(80) } }, /not in pixels/],
    [
      'raw maps',
      { a: floats([1, 255, 8, 8]), b: floats([1, 255, 4, 4]) },
      {},
      /a floats \[1, 255, 8, 8\], b floats \[1, 255, 4, 4\]/,
    ],
    ['a classifier', { probs: floats([1, 1000]) }, {}, /probs floats \[1, 1000\]/],
    [
      'logits beside boxes',
      { logits: floats([1, 300, 80], () => -4), boxes: fractions(300, 4) },
      {},
      /scores do not all lie in 0..1/,
    ],
    [
      'centres beside scores',
      { boxes: floats([1, 300, 4], (_, at) => [600, 600, 9, 9][at] ?? 0), s: fractions(300, 9) },
      {},
      /not corners/,
    ],
    [
      'three outputs of integers',
      { a: integers([1, 9]), b: integers([1, 9]), c: integers([1, 9, 4]) },
      {},
      /a integers \[1, 9\]/,
    ],
    ['none', {}, {}, /Its outputs are none/],
    ['not a number', { o: floats([1, 25_200, 85], () => NaN) }, {}, /do not all lie in 0..1/],
  ] satisfies [string, Outputs, Given, RegExp][])('with %s', (_, outputs, given, message) => {
    const text = refusal(outputs, given);
    expect(text).toMatch(message);
    expect(text).toMatch(understood);
  });

  test.each([
    ['rows of seven without a row', { output: floats([0, 7]) }, 4, ['yolo-nas', 'yolov7-nms']],
    // Two classes of six anchors as much as six boxes.
    ['six by six', { output: floats([1, 6, 6]) }, 2, ['yolov8', 'end-to-end']],
  ] satisfies [string, Outputs, number, HeadName[]][])(
    'where it can be read in two ways, as %s, until the labels file says which',
    (_, outputs, classes, readings) => {
      const metadata = { names: names(classes) };
      expect(refusal(outputs, { metadata })).toContain(`"head": ${readings.map((name) => `"${name}"`).join(' or ')}`);
      for (const head of readings) expect(recognise(outputs, { metadata, said: { head } }).classes).toBe(classes);
    },
  );
});
