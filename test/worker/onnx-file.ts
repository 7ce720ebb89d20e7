// Writes tiny ONNX models: networks of four nodes that are right by construction and run in microseconds.

import { elementTypes } from '../../appliance/worker/infer/onnx.ts';

export interface ColourModelOptions {
  readonly input?: keyof typeof elementTypes;
  /** Whether the colours come first or last in its shape. */
  readonly planes?: 'first' | 'last';
  /** Sides are left open. */
  readonly open?: boolean;
  /** In the place of the one that width, height and planes make. */
  readonly shape?: readonly number[];
  readonly opset?: number;
  /** What it sees goes through 8-bit integers in the middle of the network. */
  readonly quantised?: boolean;
  /** Claims so; no file is made. */
  readonly weightsElsewhere?: boolean;
  readonly width: number;
  readonly height: number;
  /** The one box that it always finds: centre and size in pixels of its input. */
  readonly box: readonly [number, number, number, number];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Anchors, all alike. */
  readonly anchors?: number;
}

/**
 * A "detector" with the classes red, green and blue: each class's score is the mean of that plane of its input, 0..1.
 * So it sees whether planes, scale and borders arrive as they should.
 */
export function colourModel(options: ColourModelOptions): Uint8Array {
  const {
    input = 'float32',
    planes = 'first',
    open = false,
    width,
    height,
    box,
    anchors = 8,
    opset = 13,
    quantised = false,
  } = options;
  const metadata = options.metadata ?? { names: "{0: 'red', 1: 'green', 2: 'blue'}", task: 'detect', stride: '32' };
  const elementType = elementTypes[input];
  const sides = open ? ['height', 'width'] : [height, width];
  const shape = options.shape ?? (planes === 'first' ? [1, 3, ...sides] : [1, ...sides, 3]);
  const boxes = Float32Array.from({ length: 4 * anchors }, (_, at) => box[Math.floor(at / anchors)] ?? 0);
  const graph = [
    node('Cast', ['images'], 'floats', [integer('to', 1)]),
    node('Mul', ['floats', 'scale'], quantised ? 'fine' : 'scaled'),
    ...(quantised ? throughIntegers('fine', 'scaled') : []),
    node('ReduceMean', ['scaled'], 'means', [
      integers('axes', planes === 'first' ? [2, 3] : [1, 2]),
      integer('keepdims', 1),
    ]),
    node('Reshape', ['means', 'column'], 'scores'),
    node('Expand', ['scores', 'spread'], 'spreadScores'),
    node('Concat', ['boxes', 'spreadScores'], 'output0', [integer('axis', 1)]),
    text(2, 'colours'),
    initializer('scale', [1], 1, Float32Array.of(input === 'uint8' ? 1 / 255 : 1), options.weightsElsewhere),
    initializer('column', [3], 7, BigInt64Array.of(1n, 3n, 1n)),
    initializer('spread', [3], 7, BigInt64Array.of(1n, 3n, BigInt(anchors))),
    initializer('boxes', [1, 4, anchors], 1, boxes),
    message(11, valueInfo('images', elementType, shape)),
    message(12, valueInfo('output0', 1, [1, 7, anchors])),
  ];
  return model(graph, metadata, opset);
}

/** A pair of nodes as quantisers leave them behind, and their scale of 1/255. */
function throughIntegers(from: string, to: string): Bytes[] {
  return [
    node('QuantizeLinear', [from, 'step'], 'integers'),
    node('DequantizeLinear', ['integers', 'step'], to),
    initializer('step', [], 1, Float32Array.of(1 / 255)),
  ];
}

/** A model with one constant output of this shape, all zeros. */
export function constantModel(shape: readonly number[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const size = shape.reduce((product, side) => product * side, 1);
  return model(
    [
      node('Identity', ['zeros'], 'output0'),
      text(2, 'constant'),
      initializer('zeros', shape, 1, new Float32Array(size)),
      message(11, valueInfo('images', 1, [1, 3, 32, 32])),
      message(12, valueInfo('output0', 1, shape)),
    ],
    metadata,
  );
}

type Bytes = readonly number[];

/** Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
function model(graph: readonly Bytes[], metadata: Readonly<Record<string, string>>, version = 13): Uint8Array {
  const properties = Object.entries(metadata).map(([key, value]) => message(14, [...text(1, key), ...text(2, value)]));
  const opset = message(8, number(2, version));
  return Uint8Array.from([...number(1, 8), ...opset, ...message(7, graph.flat()), ...properties.flat()]);
}

function node(operation: string, inputs: readonly string[], output: string, attributes: readonly Bytes[] = []): Bytes {
  const names = inputs.flatMap((name) => text(1, name));
  return message(1, [...names, ...text(2, output), ...text(4, operation), ...attributes.flat()]);
}

function integer(name: string, value: number): Bytes {
  return message(5, [...text(1, name), ...number(3, value), ...number(20, 2)]);
}

function integers(name: string, values: readonly number[]): Bytes {
  return message(5, [...text(1, name), ...values.flatMap((value) => number(8, value)), ...number(20, 7)]);
}

function initializer(
  name: string,
  dims: readonly number[],
  type: number,
  values: ArrayBufferView,
  elsewhere = false,
): Bytes {
  const raw = [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
  return message(5, [
    ...dims.flatMap((side) => number(1, side)),
    ...number(2, type),
    ...text(8, name),
    ...message(9, raw),
    ...(elsewhere ? number(14, 1) : []),
  ]);
}

function valueInfo(name: string, type: number, dims: readonly (number | string)[]): Bytes {
  const shape = dims.flatMap((side) => message(1, typeof side === 'number' ? number(1, side) : text(2, side)));
  return [...text(1, name), ...message(2, message(1, [...number(1, type), ...message(2, shape)]))];
}

function message(field: number, content: Bytes): Bytes {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

function text(field: number, value: string): Bytes {
  return message(field, [...Buffer.from(value)]);
}

function number(field: number, value: number): Bytes {
  return [...varint(field * 8), ...varint(value)];
}

function varint(value: number): Bytes {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
}
