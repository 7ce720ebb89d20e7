// Changes of a few bytes in a sound file. They change the buffer that is given, and return it.

/** The 32-bit field at `offset` behind the type of every box or chunk of this name; RIFF's two zeros read alike both ways. */
export function fieldIn(bytes: Buffer, name: string, offset: number, value: number): Buffer {
  return repeated(bytes, Buffer.from(name).toString('hex'), (at) => bytes.writeUInt32BE(value, at + offset));
}

/** Does `change` behind every occurrence of these bytes. Throws where there is none: the lie would be the truth. */
export function repeated(bytes: Buffer, hex: string, change: (behind: number) => void): Buffer {
  const wanted = Buffer.from(hex, 'hex');
  let times = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1), times++) change(at + wanted.length);
  if (times === 0) throw new Error(`no ${hex} to change`);
  return bytes;
}
