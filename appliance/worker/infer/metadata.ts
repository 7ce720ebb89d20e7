// The metadata that an exporter left in an ONNX file: ONNX Runtime does not tell it to JavaScript, so it is read here.
import { readFile } from 'node:fs/promises';
import { parseLiteral, type Literal } from './literal.ts';

export interface ModelMetadata {
  /** Class names by class id; null where the file names none. */
  readonly names: ReadonlyMap<number, string> | null;
  /** Height and width. */
  readonly imageSize: readonly [number, number] | null;
  readonly stride: number | null;
  readonly task: string | null;
  /** True where suppression is part of the network. */
  readonly endToEnd: boolean;
}

/** Throws SyntaxError where the file is no protobuf message, or a literal in it is malformed. */
export async function readMetadata(path: string): Promise<ModelMetadata> {
  return understand(readProperties(await readFile(path)));
}

export function understand(properties: ReadonlyMap<string, string>): ModelMetadata {
  const literal = (key: string): Literal => {
    const text = properties.get(key);
    return text === undefined ? null : parseLiteral(text);
  };
  const stride = Number(properties.get('stride'));
  const exported = properties.get('args') === undefined ? null : literal('args');
  const [height, width] = items(literal('imgsz'));
  return {
    names: readNames(literal('names')),
    imageSize: typeof height === 'number' && typeof width === 'number' ? [height, width] : null,
    stride: Number.isInteger(stride) && stride > 0 ? stride : null,
    task: properties.get('task') ?? null,
    endToEnd: properties.get('end2end') === 'True' || (exported instanceof Map && exported.get('nms') === true),
  };
}

function readNames(names: Literal): ReadonlyMap<number, string> | null {
  const entries: readonly (readonly [Literal, Literal])[] =
    names instanceof Map ? [...names] : [...items(names).entries()];
  const read = entries.filter((entry): entry is readonly [number, string] => {
    return typeof entry[0] === 'number' && typeof entry[1] === 'string';
  });
  return read.length > 0 ? new Map(read) : null;
}

function items(literal: Literal): readonly Literal[] {
  return Array.isArray(literal) ? (literal as readonly Literal[]) : [];
}

/**
 * `metadata_props` of a ModelProto: field 14, each a message of key (1) and value (2). The graph is skipped by its length.
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function readProperties(bytes: Uint8Array): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  for (const { field, value } of fields(bytes)) {
    if (field !== 14 || value === null) continue;
    const texts = new Map<number, string>();
    for (const part of fields(value)) {
      if (part.value !== null) texts.set(part.field, new TextDecoder().decode(part.value));
    }
    properties.set(texts.get(1) ?? '', texts.get(2) ?? '');
  }
  return properties;
}

/** The fields of one protobuf message; `value` is null for those that are not length-delimited. */
function* fields(bytes: Uint8Array): Generator<{ field: number; value: Uint8Array | null }> {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag % 8;
    const field = Math.floor(tag / 8);
    if (field === 0) throw new SyntaxError('not a protobuf message');
    if (wire === 0) {
      varint();
      yield { field, value: null };
    } else {
      const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Infinity;
      if (length > bytes.length - at) throw new SyntaxError('not a protobuf message');
      yield { field, value: wire === 2 ? bytes.subarray(at, at + length) : null };
      at += length;
    }
  }

  /** Exact up to 2^53, which no length or tag of a real file reaches. */
  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError('not a protobuf message');
  }
}
