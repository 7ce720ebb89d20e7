// Rewrites a model so that it takes bytes: what turns them into the numbers it was trained on becomes part of the graph,
// where ONNX Runtime does it on all of its threads, and no pixel is touched in JavaScript.
import type { PictureInput } from './inputs.ts';
import { elementTypes, field, nameOf, shapeOf, typeOf } from './onnx.ts';
import { type Field, fieldsOf, joined, messageField, textField, varintField } from './protobuf.ts';

/** Names in the rewritten model. */
export const byteInput = {
  /** uint8 `[batch, 3, height, width]`, whatever the type and order of the network's own input. */
  pixels: 'vedette_pixels',
  /** float32 scalar: what a byte is multiplied by. */
  scale: 'vedette_scale',
  /** Before the name of an output that was float16 and is float32 now. */
  float: 'vedette_float_',
} as const;

/** The first with DequantizeLinear. */
const leastOpset = 10;

/**
 * Null where it cannot be done: weights that lie in files of their own would not be found from memory, and operators of
 * 2018 lack what is needed. Throws SyntaxError where the file is no ONNX model.
 */
export function withByteInput(model: Uint8Array, picture: PictureInput): Uint8Array | null {
  const fields = [...fieldsOf(model)];
  if (opsetOf(fields) < leastOpset) return null;
  const [graph, ...more] = fields.filter(({ number }) => number === field.model.graph);
  if (!graph?.content || more.length > 0) return null;
  const parts = [...fieldsOf(graph.content)];
  if (parts.some((part) => part.number === field.graph.initializer && isElsewhere(part))) return null;
  const rewritten = messageField(field.model.graph, rewriteGraph(parts, picture));
  return joined(fields.map((part) => (part === graph ? rewritten : part.bytes)));
}

function rewriteGraph(parts: readonly Field[], picture: PictureInput): Uint8Array[] {
  const kept: Uint8Array[] = [];
  const casts: Uint8Array[] = [];
  for (const part of parts) {
    if (part.number === field.graph.input && nameOf(part) === picture.name) kept.push(...inputs(part, picture));
    else if (part.number === field.graph.output && typeOf(part) === 'float16') {
      const [name, to] = [nameOf(part), byteInput.float + nameOf(part)];
      casts.push(node('Cast', [name], to, [integer('to', elementTypes.float32)]));
      kept.push(slot(field.graph.output, to, elementTypes.float32, shapeOf(part)));
    } else kept.push(part.bytes);
  }
  // A graph's nodes stand in the order in which they can run.
  return [...fromBytes(picture), ...kept, ...casts];
}

/** In the place of the network's own. */
function inputs(own: Field, { planes, type }: PictureInput): Uint8Array[] {
  const [batch = null, ...sides] = shapeOf(own);
  const [height = null, width = null] = planes === 'first' ? sides.slice(1) : sides;
  const pixels = slot(field.graph.input, byteInput.pixels, elementTypes.uint8, [batch, 3, height, width]);
  if (type === 'uint8') return [pixels];
  return [pixels, slot(field.graph.input, byteInput.scale, elementTypes.float32, [])];
}

/** The nodes from the bytes to the network's own input, which keeps its name. */
function fromBytes({ name, type, planes }: PictureInput): Uint8Array[] {
  type Step = (from: string, to: string) => Uint8Array;
  const steps: Step[] = [];
  if (type === 'uint8') steps.push((from, to) => node('Identity', [from], to));
  else steps.push((from, to) => node('DequantizeLinear', [from, byteInput.scale], to));
  if (type === 'float16') steps.push((from, to) => node('Cast', [from], to, [integer('to', elementTypes.float16)]));
  if (planes === 'last') steps.push((from, to) => node('Transpose', [from], to, [integers('perm', [0, 2, 3, 1])]));
  const before = (step: number) => (step === 0 ? byteInput.pixels : `vedette_step_${step}`);
  return steps.map((step, at) => step(before(at), at === steps.length - 1 ? name : before(at + 1)));
}

/** Of the standard operators; 0 where the file does not say. */
function opsetOf(model: readonly Field[]): number {
  for (const { number, content } of model) {
    if (number !== field.model.opset || content === null) continue;
    const parts = [...fieldsOf(content)];
    const standard = parts.every((part) => part.number !== field.opset.domain || part.content?.length === 0);
    if (standard) return parts.find((part) => part.number === field.opset.version)?.value ?? 0;
  }
  return 0;
}

/** A tensor whose `data_location` is EXTERNAL. */
function isElsewhere(tensor: Field): boolean {
  for (const { number, value } of fieldsOf(tensor.content ?? new Uint8Array())) {
    if (number === field.tensor.dataLocation && value === 1) return true;
  }
  return false;
}

function node(operator: string, from: readonly string[], to: string, attributes: readonly Uint8Array[] = []) {
  const { input, output, opType, attribute } = field.node;
  return messageField(field.graph.node, [
    ...from.map((name) => textField(input, name)),
    textField(output, to),
    textField(opType, operator),
    ...attributes.map((content) => messageField(attribute, [content])),
  ]);
}

function integer(name: string, value: number): Uint8Array {
  const { attribute, attributeType } = field;
  return joined([
    textField(attribute.name, name),
    varintField(attribute.int, value),
    varintField(attribute.type, attributeType.int),
  ]);
}

function integers(name: string, values: readonly number[]): Uint8Array {
  const { attribute, attributeType } = field;
  const items = values.map((value) => varintField(attribute.ints, value));
  return joined([textField(attribute.name, name), ...items, varintField(attribute.type, attributeType.ints)]);
}

/** An input or output of the graph. */
function slot(number: number, name: string, elementType: number, shape: readonly (number | string | null)[]) {
  const dims = shape.map((side) => messageField(field.shape.dim, side === null ? [] : [dimension(side)]));
  const tensor = [varintField(field.tensorType.elementType, elementType), messageField(field.tensorType.shape, dims)];
  const type = messageField(field.slot.type, [messageField(field.type.tensor, tensor)]);
  return messageField(number, [textField(field.slot.name, name), type]);
}

function dimension(side: number | string): Uint8Array {
  return typeof side === 'number' ? varintField(field.dim.value, side) : textField(field.dim.param, side);
}
