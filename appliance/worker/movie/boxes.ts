// Boxes of ISO base media files, ISO/IEC 14496-12.

type Part = Uint8Array | string;

export function box(type: string, ...parts: readonly Part[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body]);
}

/** With a version and 24 flags in front (§4.2). */
export function fullBox(type: string, version: number, flags: number, ...parts: readonly Part[]): Buffer {
  return box(type, u32(version * 2 ** 24 + flags), ...parts);
}

export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, 2 * at);
  return bytes;
}

export function u32(...values: readonly number[]): Buffer {
  return u32List(values);
}

/** Of lists that are too long to be arguments. */
export function u32List(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return bytes;
}

/** Whole numbers down to -2^53 and up to 2^53. */
export function u64(...values: readonly number[]): Buffer {
  return u64List(values);
}

export function u64List(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [at, value] of values.entries()) bytes.writeBigInt64BE(BigInt(value), 8 * at);
  return bytes;
}
