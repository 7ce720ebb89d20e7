// The networks of the benchmark: one that finds the same boxes in every frame at almost no cost, and one of open batch size.
import {
  fieldsOf,
  joined,
  messageField,
  textField,
  textOf,
  varintField,
} from '../../appliance/worker/infer/protobuf.ts';

// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const float = 1;
const int64 = 7;

export interface BoxesOptions {
  /** Of the square input. */
  readonly side: number;
  readonly anchors: number;
  readonly classes: number;
  /** Boxes that every frame has; they do not touch. */
  readonly objects: number;
}

/** `[1, 3, side, side]` in, `[1, 4 + classes, anchors]` out, as YOLOv8 has it. It looks at one value of its input. */
export function boxesNetwork({ side, anchors, classes, objects }: BoxesOptions): Uint8Array {
  const rows = 4 + classes;
  const output = new Float32Array(rows * anchors);
  const columns = Math.ceil(Math.sqrt(objects));
  const step = side / columns;
  for (let at = 0; at < objects; at++) {
    // Spread over the anchors and the classes, as detections are.
    const anchor = Math.floor((at * anchors) / objects);
    const box = [((at % columns) + 0.5) * step, (Math.floor(at / columns) + 0.5) * step, step / 2, step / 2];
    box.forEach((value, row) => (output[row * anchors + anchor] = value));
    output[(4 + (at % classes)) * anchors + anchor] = 0.5 + at / (4 * objects);
  }
  const names = Array.from({ length: classes }, (_, id) => `${id}: 'class ${id}'`).join(', ');
  const metadata = { names: `{${names}}`, task: 'detect', stride: '32', imgsz: `[${side}, ${side}]` };
  const zeros = [0n, 0n, 0n, 0n];
  const graph = [
    node('Slice', ['images', 'first', 'second'], 'corner'),
    node('Reshape', ['corner', 'one'], 'value'),
    node('Mul', ['value', 'nothing'], 'silence'),
    node('Add', ['boxes', 'silence'], 'output0'),
    textField(2, 'boxes'),
    initializer('first', [4], int64, BigInt64Array.from(zeros)),
    initializer(
      'second',
      [4],
      int64,
      BigInt64Array.from(zeros, () => 1n),
    ),
    initializer('one', [1], int64, BigInt64Array.of(1n)),
    initializer('nothing', [1], float, Float32Array.of(0)),
    initializer('boxes', [1, rows, anchors], float, output),
    messageField(11, [valueInfo('images', [1, 3, side, side])]),
    messageField(12, [valueInfo('output0', [1, rows, anchors])]),
  ];
  const properties = Object.entries(metadata).map(([key, value]) =>
    messageField(14, [textField(1, key), textField(2, value)]),
  );
  return joined([varintField(1, 8), messageField(8, [varintField(2, 13)]), messageField(7, graph), ...properties]);
}

/**
 * The same network with an open first dimension: of its inputs and outputs, and of every shape that a Reshape is given,
 * where a leading 1 becomes "as it comes". Shapes of values in between are dropped; ONNX Runtime finds them again.
 */
export function withOpenBatch(model: Uint8Array): Uint8Array {
  const parts = [...fieldsOf(model)].map((field) => {
    if (field.number !== 7 || field.content === null) return field.bytes;
    const graph = [...fieldsOf(field.content)];
    const shapes = new Set(
      graph.flatMap(({ number, content }) => (number === 1 && content ? reshapedBy(content) : [])),
    );
    return messageField(
      7,
      graph.flatMap(({ number, content, bytes }) => {
        if (content === null) return [bytes];
        if (number === 11 || number === 12) return [messageField(number, [openValue(content)])];
        if (number === 13) return [];
        if (number === 5 && shapes.has(nameOf(content, 8))) return [messageField(5, [openShape(content)])];
        if (number === 1 && shapes.has(nameOf(content, 2))) return [messageField(1, [openConstant(content)])];
        return [bytes];
      }),
    );
  });
  return joined(parts);
}

/** The name of the shape that this node reshapes by, if it does. */
function reshapedBy(node: Uint8Array): string[] {
  if (nameOf(node, 4) !== 'Reshape') return [];
  const inputs = [...fieldsOf(node)].filter(({ number }) => number === 1);
  return [textOf(inputs[1]?.content ?? null)];
}

/** ValueInfoProto → type → tensor_type → shape → the first dim becomes the symbol `batch`. */
function openValue(value: Uint8Array): Uint8Array {
  const path = [2, 1, 2];
  const descend = (message: Uint8Array, depth: number): Uint8Array => {
    const wanted = path[depth];
    let first = true;
    return joined(
      [...fieldsOf(message)].map(({ number, content, bytes }) => {
        if (content === null) return bytes;
        if (wanted !== undefined)
          return number === wanted ? messageField(number, [descend(content, depth + 1)]) : bytes;
        if (!first) return bytes;
        first = false;
        return messageField(1, [textField(2, 'batch')]);
      }),
    );
  };
  return descend(value, 0);
}

/** A Constant node's one attribute is its tensor. */
function openConstant(node: Uint8Array): Uint8Array {
  return replaced(node, 5, (attribute) => replaced(attribute, 5, openShape));
}

/** In a TensorProto of int64: a leading 1 becomes 0, which Reshape reads as "that of the input". */
function openShape(tensor: Uint8Array): Uint8Array {
  return replaced(tensor, 9, (raw) => {
    const values = raw.slice();
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    if (view.getBigInt64(0, true) === 1n) view.setBigInt64(0, 0n, true);
    return values;
  });
}

function replaced(message: Uint8Array, wanted: number, how: (content: Uint8Array) => Uint8Array): Uint8Array {
  return joined(
    [...fieldsOf(message)].map(({ number, content, bytes }) =>
      number === wanted && content !== null ? messageField(number, [how(content)]) : bytes,
    ),
  );
}

function nameOf(message: Uint8Array, field: number): string {
  for (const { number, content } of fieldsOf(message)) if (number === field) return textOf(content);
  return '';
}

function node(operation: string, inputs: readonly string[], output: string): Uint8Array {
  return messageField(1, [...inputs.map((name) => textField(1, name)), textField(2, output), textField(4, operation)]);
}

function initializer(name: string, dims: readonly number[], type: number, values: ArrayBufferView): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const shape = dims.map((side) => varintField(1, side));
  return messageField(5, [...shape, varintField(2, type), textField(8, name), messageField(9, [raw])]);
}

function valueInfo(name: string, dims: readonly number[]): Uint8Array {
  const shape = dims.map((side) => messageField(1, [varintField(1, side)]));
  return joined([
    textField(1, name),
    messageField(2, [messageField(1, [varintField(1, float), messageField(2, shape)])]),
  ]);
}
