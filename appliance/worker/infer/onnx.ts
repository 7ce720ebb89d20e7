// What of an ONNX file is read without ONNX Runtime: the inputs and outputs that its graph declares.
import type { Slot } from './heads/head.ts';
import { type Field, fieldsOf, textOf } from './protobuf.ts';

/** Field numbers of the messages: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const field = {
  model: { graph: 7, opset: 8 },
  opset: { domain: 1, version: 2 },
  graph: { node: 1, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, opType: 4, attribute: 5 },
  attribute: { name: 1, int: 3, ints: 8, type: 20 },
  attributeType: { int: 2, ints: 7 },
  tensor: { name: 8, dataLocation: 14 },
  /** ValueInfoProto. */
  slot: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { elementType: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, param: 2 },
} as const;

/** By ONNX Runtime's names. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** Without those that are weights. Throws SyntaxError where the file is no ONNX model. */
export function declaredInputs(model: Uint8Array): Slot[] {
  const graph = [...fieldsOf(model)].find(({ number }) => number === field.model.graph);
  if (!graph?.content) throw new SyntaxError('no graph');
  const parts = [...fieldsOf(graph.content)];
  const weights = new Set<string>();
  for (const { number, content } of parts) {
    if (number === field.graph.initializer) weights.add(textOf(inside(content, field.tensor.name)));
  }
  return parts
    .filter((part) => part.number === field.graph.input && !weights.has(nameOf(part)))
    .map((part) => ({ name: nameOf(part), type: typeOf(part), shape: shapeOf(part) }));
}

/** Of an input or output. */
export function nameOf(slot: Field): string {
  return textOf(inside(slot.content, field.slot.name));
}

/** ONNX Runtime's name of the element type; `unknown` for one that no network here has. */
export function typeOf(slot: Field): string {
  const tensor = tensorOf(slot);
  for (const { number, value } of fieldsOf(tensor)) {
    if (number !== field.tensorType.elementType) continue;
    return Object.entries(elementTypes).find(([, code]) => code === value)?.[0] ?? 'unknown';
  }
  return 'unknown';
}

/** A side that is left open is its name, or null. */
export function shapeOf(slot: Field): (number | string | null)[] {
  const shape = inside(tensorOf(slot), field.tensorType.shape) ?? new Uint8Array();
  return [...fieldsOf(shape)].map(({ content }) => {
    for (const { number, value, content: text } of fieldsOf(content ?? new Uint8Array())) {
      // Minus one and the like, which some exporters write for an open side, do not fit into 2^53.
      if (number === field.dim.value && value !== null) return Number.isSafeInteger(value) && value > 0 ? value : null;
      if (number === field.dim.param) return textOf(text);
    }
    return null;
  });
}

function tensorOf(slot: Field): Uint8Array {
  return inside(inside(slot.content, field.slot.type), field.type.tensor) ?? new Uint8Array();
}

/** The content of a message's first field of this number; null where there is none. */
function inside(message: Uint8Array | null, wanted: number): Uint8Array | null {
  for (const { number, content } of fieldsOf(message ?? new Uint8Array())) {
    if (number === wanted) return content;
  }
  return null;
}
