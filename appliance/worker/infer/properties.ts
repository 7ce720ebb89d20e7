// The texts that an exporter left in an ONNX file, read without reading the network.
import { open, type FileHandle } from 'node:fs/promises';
import { fieldsOf, textOf } from './protobuf.ts';

/** `metadata_props` of a ModelProto, its entries' key and value: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const propertyField = 14;
const keyField = 1;
const valueField = 2;

/** Of all properties together. A thousand long class names are 50 KB. */
const mostBytes = 2 ** 20;
/** At the top of a message; an honest one has a dozen, and one for each of its own functions. */
const mostFields = 100_000;
const windowBytes = 64 * 1024;

/**
 * By key. The graph, which is nearly all of the file, is skipped by its length, so that any file costs a few short reads.
 * Throws SyntaxError where the file is no protobuf message, or holds more properties than any honest one.
 */
export async function readProperties(path: string): Promise<ReadonlyMap<string, string>> {
  const file = await open(path);
  try {
    return await walk(new Window(file, (await file.stat()).size));
  } finally {
    await file.close();
  }
}

async function walk(window: Window): Promise<Map<string, string>> {
  const properties = new Map<string, string>();
  let bytes = 0;
  for (let at = 0, fields = 0; at < window.size; fields++) {
    if (fields === mostFields) throw new SyntaxError(`more than ${mostFields} fields`);
    const { number, content, end } = headOf(await window.read(at, mostHead), at, window.size);
    if (number === propertyField && content !== null) {
      bytes += end - content;
      if (bytes > mostBytes) throw new SyntaxError(`more than ${mostBytes} bytes of metadata`);
      const parts = [...fieldsOf(await window.read(content, end - content))];
      const text = (wanted: number) => textOf(parts.findLast((part) => part.number === wanted)?.content ?? null);
      properties.set(text(keyField), text(valueField));
    }
    at = end;
  }
  return properties;
}

/** A tag and a length or value, each a varint. */
const mostHead = 20;

/** Of the field that begins `at` this position; `content` is null for one that has no bytes of its own. */
function headOf(bytes: Uint8Array, at: number, size: number): { number: number; content: number | null; end: number } {
  let length = 0;
  const tag = varint();
  const wire = tag % 8;
  const number = Math.floor(tag / 8);
  if (number === 0) throw new SyntaxError('not a protobuf message');
  let follows = 0;
  if (wire === 0) varint();
  else follows = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Infinity;
  if (follows > size - at - length) throw new SyntaxError('not a protobuf message');
  return { number, content: wire === 2 ? at + length : null, end: at + length + follows };

  /** Exact up to 2^53, which no length or tag of a real file reaches. */
  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[length++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError('not a protobuf message');
  }
}

/** A piece of the file in memory, moved where it is needed, so that small fields side by side are one read. */
class Window {
  readonly size: number;
  readonly #file: FileHandle;
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Fewer at the end of the file. */
  async read(at: number, length: number): Promise<Uint8Array> {
    const to = Math.min(at + length, this.size);
    if (at < this.#start || to > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(length, windowBytes), this.size - at);
      const { bytesRead, buffer } = await this.#file.read(new Uint8Array(wanted), 0, wanted, at);
      this.#start = at;
      this.#bytes = buffer.subarray(0, bytesRead);
    }
    return this.#bytes.subarray(at - this.#start, to - this.#start);
  }
}
