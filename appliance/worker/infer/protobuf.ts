// The wire format of protobuf messages: fields read without copying, and fields written.
// https://protobuf.dev/programming-guides/encoding/

export interface Field {
  readonly number: number;
  /** Content of a length-delimited field; null for a field of another kind. */
  readonly content: Uint8Array | null;
  /** Value of a varint field; null for a field of another kind. */
  readonly value: number | null;
  /** The whole field, tag and all. */
  readonly bytes: Uint8Array;
}

/** The fields of one message, in their order; all of it views. Throws SyntaxError where it is none. */
export function* fieldsOf(message: Uint8Array): Generator<Field, void, undefined> {
  let at = 0;
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const wire = tag % 8;
    const number = Math.floor(tag / 8);
    if (number === 0) throw new SyntaxError('not a protobuf message');
    if (wire === 0) {
      const value = varint();
      yield { number, content: null, value, bytes: message.subarray(start, at) };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Infinity;
    if (length > message.length - at) throw new SyntaxError('not a protobuf message');
    const from = at;
    at += length;
    const content = wire === 2 ? message.subarray(from, at) : null;
    yield { number, content, value: null, bytes: message.subarray(start, at) };
  }

  /** Exact up to 2^53, which no length or tag of a real file reaches. */
  function varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError('not a protobuf message');
  }
}

/** Of a field's content as text. */
export function textOf(content: Uint8Array | null): string {
  return content === null ? '' : new TextDecoder().decode(content);
}

export function textField(number: number, text: string): Uint8Array {
  return messageField(number, [new TextEncoder().encode(text)]);
}

/** `value`: a whole number, 0..2^53. */
export function varintField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number * 8), ...varintBytes(value)]);
}

export function messageField(number: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([Uint8Array.from([...varintBytes(number * 8 + 2), ...varintBytes(length)]), ...parts]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varintBytes(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varintBytes(Math.floor(value / 0x80))];
}
