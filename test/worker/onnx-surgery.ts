// Grafts operators onto a real ONNX model: the same weights behind the outputs of another family of networks.
import {
  fieldsOf,
  joined,
  messageField,
  textField,
  textOf,
  varintField,
} from '../../appliance/worker/infer/protobuf.ts';

type Element = 'float32' | 'int64';

const elementTypes = { float32: 1, int64: 7 } as const satisfies Record<Element, number>;
/** Of a GraphProto. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const part = { node: 1, initializer: 5, input: 11, output: 12 } as const;

export class Graft {
  readonly #nodes: Uint8Array[] = [];
  readonly #before: Uint8Array[] = [];
  readonly #constants: Uint8Array[] = [];
  readonly #slots: Uint8Array[] = [];
  #replacedInput: string | null = null;
  #made = 0;

  /** Adds a node behind the network; returns the names of its outputs. `attributes`: whole numbers or lists of them. */
  node(type: string, inputs: readonly string[], attributes: Readonly<Record<string, number | readonly number[]>> = {}) {
    const name = this.#name();
    this.#nodes.push(nodeField(type, inputs, [name], attributes));
    return name;
  }

  /** The highest of an axis and where they are. */
  topK(values: string, count: number, axis: number): readonly [values: string, indices: string] {
    const names = [this.#name(), this.#name()] as const;
    this.#nodes.push(nodeField('TopK', [values, this.whole([count])], names, { axis, largest: 1, sorted: 1 }));
    return names;
  }

  constant(values: Float32Array | BigInt64Array, dims: readonly number[]): string {
    const name = this.#name();
    const type = values instanceof Float32Array ? elementTypes.float32 : elementTypes.int64;
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.push(
      messageField(part.initializer, [
        ...dims.map((side) => varintField(1, side)),
        varintField(2, type),
        textField(8, name),
        messageField(9, [raw]),
      ]),
    );
    return name;
  }

  whole(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  float(value: number): string {
    return this.constant(Float32Array.of(value), [1]);
  }

  slice(of: string, axis: number, from: number, to: number): string {
    return this.node('Slice', [of, this.whole([from]), this.whole([to]), this.whole([axis])]);
  }

  concat(axis: number, ...parts: readonly string[]): string {
    return this.node('Concat', parts, { axis });
  }

  reshape(of: string, dims: readonly number[]): string {
    return this.node('Reshape', [of, this.whole(dims)]);
  }

  /** Makes it an output of the model under this name. A text for a side is one that is left open. */
  output(name: string, of: string, dims: readonly (number | string)[], type: Element = 'float32'): void {
    this.#nodes.push(nodeField('Identity', [of], [name], {}));
    this.#slots.push(slotField(part.output, name, dims, type));
  }

  input(name: string, dims: readonly number[], type: Element): string {
    this.#slots.push(slotField(part.input, name, dims, type));
    return name;
  }

  /** Takes pictures in B, G, R and 0..255 in the place of this input in R, G, B and 0..1. */
  bytesBackwards(input: string, dims: readonly number[]): void {
    this.#replacedInput = input;
    this.#slots.push(slotField(part.input, `${input}_bgr`, dims, 'float32'));
    this.#before.push(
      nodeField('Gather', [`${input}_bgr`, this.whole([2, 1, 0])], ['graft_rgb'], { axis: 1 }),
      nodeField('Div', ['graft_rgb', this.float(255)], [input], {}),
    );
  }

  /** The model with these outputs alone, and this metadata. */
  onto(model: Uint8Array, metadata: Readonly<Record<string, string>>): Uint8Array {
    const fields = [...fieldsOf(model)].filter(({ number }) => number !== 14);
    const properties = Object.entries(metadata).map(([key, value]) => {
      return messageField(14, [textField(1, key), textField(2, value)]);
    });
    const grafted = fields.map(({ number, content, bytes }) => {
      if (number !== 7 || content === null) return bytes;
      const kept = [...fieldsOf(content)].filter((own) => own.number !== part.output && !this.#replaces(own));
      // A graph's nodes stand in the order in which they can run.
      const parts = [...this.#before, ...kept.map((own) => own.bytes), ...this.#nodes, ...this.#constants];
      return messageField(7, [...parts, ...this.#slots]);
    });
    return joined([...grafted, ...properties]);
  }

  #replaces({ number, content }: { number: number; content: Uint8Array | null }): boolean {
    if (number !== part.input || content === null) return false;
    const name = [...fieldsOf(content)].find((own) => own.number === 1)?.content ?? null;
    return textOf(name) === this.#replacedInput;
  }

  #name(): string {
    return `graft_${this.#made++}`;
  }
}

function nodeField(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>>,
): Uint8Array {
  return messageField(part.node, [
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, type),
    ...Object.entries(attributes).map(([name, value]) => attributeField(name, value)),
  ]);
}

function attributeField(name: string, value: number | readonly number[]): Uint8Array {
  const content = typeof value === 'number' ? [signed(3, value)] : value.map((item) => signed(8, item));
  return messageField(5, [textField(1, name), ...content, varintField(20, typeof value === 'number' ? 2 : 7)]);
}

/** A varint of ten bytes where it is below nothing. */
function signed(number: number, value: number): Uint8Array {
  if (value >= 0) return varintField(number, value);
  const bytes = [number * 8];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(left)]);
}

function slotField(number: number, name: string, dims: readonly (number | string)[], type: Element): Uint8Array {
  const shape = dims.map((side) => {
    return messageField(1, [typeof side === 'number' ? varintField(1, side) : textField(2, side)]);
  });
  const tensor = messageField(1, [varintField(1, elementTypes[type]), messageField(2, shape)]);
  return messageField(number, [textField(1, name), messageField(2, [tensor])]);
}
