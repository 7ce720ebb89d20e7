// Writes tiny ONNX models: networks of four nodes that are right by construction and run in microseconds.

export interface ColourModelOptions {
  readonly input?: 'float32' | 'uint8';
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
  const { input = 'float32', width, height, box, anchors = 8 } = options;
  const metadata = options.metadata ?? { names: "{0: 'red', 1: 'green', 2: 'blue'}", task: 'detect', stride: '32' };
  const elementType = input === 'float32' ? 1 : 2;
  const boxes = Float32Array.from({ length: 4 * anchors }, (_, at) => box[Math.floor(at / anchors)] ?? 0);
  const graph = [
    node('Cast', ['images'], 'floats', [integer('to', 1)]),
    node('Mul', ['floats', 'scale'], 'scaled'),
    node('ReduceMean', ['scaled'], 'means', [integers('axes', [2, 3]), integer('keepdims', 1)]),
    node('Reshape', ['means', 'column'], 'scores'),
    node('Expand', ['scores', 'spread'], 'spreadScores'),
    node('Concat', ['boxes', 'spreadScores'], 'output0', [integer('axis', 1)]),
    text(2, 'colours'),
    initializer('scale', [1], 1, Float32Array.of(input === 'float32' ? 1 : 1 / 255)),
    initializer('column', [3], 7, BigInt64Array.of(1n, 3n, 1n)),
    initializer('spread', [3], 7, BigInt64Array.of(1n, 3n, BigInt(anchors))),
    initializer('boxes', [1, 4, anchors], 1, boxes),
    message(11, valueInfo('images', elementType, [1, 3, height, width])),
    message(12, valueInfo('output0', 1, [1, 7, anchors])),
  ];
  return model(graph, metadata);
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
function model(graph: readonly Bytes[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const properties = Object.entries(metadata).map(([key, value]) => message(14, [...text(1, key), ...text(2, value)]));
  const opset = message(8, number(2, 13));
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

function initializer(name: string, dims: readonly number[], type: number, values: ArrayBufferView): Bytes {
  const raw = [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
  return message(5, [
    ...dims.flatMap((side) => number(1, side)),
    ...number(2, type),
    ...text(8, name),
    ...message(9, raw),
  ]);
}

function valueInfo(name: string, type: number, dims: readonly number[]): Bytes {
  const shape = dims.flatMap((side) => message(1, number(1, side)));
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
