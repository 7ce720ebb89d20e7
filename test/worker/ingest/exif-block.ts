// What a camera writes into a JPEG to say how it was held.

/** A block of EXIF that holds an orientation alone. */
export function exif(orientation: number, order: 'II' | 'MM'): Buffer {
  const block = Buffer.alloc(26);
  const [short, long] =
    order === 'II'
      ? [block.writeUInt16LE.bind(block), block.writeUInt32LE.bind(block)]
      : [block.writeUInt16BE.bind(block), block.writeUInt32BE.bind(block)];
  block.write(order, 0, 'latin1');
  short(42, 2);
  long(8, 4);
  short(1, 8);
  short(0x0112, 10);
  short(3, 12);
  long(1, 14);
  short(orientation, 18);
  return block;
}

/** Behind the start of the file. */
export function withExif(jpeg: Buffer, block: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xe1, 0, block.length + 8, ...Buffer.from('Exif\0\0')]);
  return Buffer.concat([jpeg.subarray(0, 2), head, block, jpeg.subarray(2)]);
}
