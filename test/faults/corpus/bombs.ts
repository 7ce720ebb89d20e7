// Small files that ask for a great deal: of memory when they are unpacked, of stack when they are parsed, or of another file.
import { deflateRawSync, deflateSync } from 'node:zlib';

const zeros = () => Buffer.alloc(200 * 2 ** 20);

export const bombs: Readonly<Record<string, () => Buffer>> = {
  'zip bomb.mp4': () => zip(),
  'zip bomb behind a head.mp4': () => Buffer.concat([ftyp(), zip()]),
  // QuickTime may keep its index compressed: `cmov` says how, `cmvd` how much room to make for it.
  'packed index.mov': () => packedIndex(200 * 2 ** 20),
  'packed index, a lie.mov': () => packedIndex(0x7ffffff0),
  'packed frames.mkv': () => packedFrames(),
  'boxes in boxes.mp4': () => Buffer.concat([ftyp(), nested(100_000)]),
  'elements in elements.mkv': () => packedFrames(20_000),
  'somewhere else.mov': () => {
    const there = Buffer.from('file:///etc/hostname\0');
    const rdrf = box('rdrf', u32(0), Buffer.from('url '), u32(there.length), there);
    return Buffer.concat([box('ftyp', Buffer.from('qt  '), u32(0)), box('moov', box('rmra', box('rmda', rdrf)))]);
  },
  'index of nothing.mp4': () => Buffer.concat([ftyp(), box('moov'), box('mdat')]),
};

function packedIndex(claimed: number): Buffer {
  const dcom = box('dcom', Buffer.from('zlib'));
  const cmvd = box('cmvd', u32(claimed), deflateSync(zeros()));
  return Buffer.concat([box('ftyp', Buffer.from('qt  '), u32(0)), box('moov', box('cmov', dcom, cmvd))]);
}

/** Three frames of motion JPEG that Matroska's own compression makes 200 MiB each; or tags in tags instead. */
function packedFrames(depth = 0): Buffer {
  const head = element('1a45dfa3', element('4282', Buffer.from('matroska')), element('4287', Buffer.of(4)));
  const video = element('e0', element('b0', Buffer.of(160)), element('ba', Buffer.of(120)));
  const compression = element(
    '6d80',
    element('6240', element('5033', Buffer.of(1)), element('5034', element('4254', Buffer.of(0)))),
  );
  const track = element(
    'ae',
    ...[element('d7', Buffer.of(1)), element('73c5', Buffer.of(1)), element('83', Buffer.of(1))],
    ...[element('86', Buffer.from('V_MJPEG')), video, compression],
  );
  const packed = depth > 0 ? Buffer.alloc(0) : deflateSync(zeros());
  const blocks = [0, 1, 2].map((time) => element('a3', Buffer.of(0x81, 0, time * 100, 0x80), packed));
  let tags: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) tags = element('67c8', tags);
  const body = [element('1549a966'), element('1254c367', element('7373', tags)), element('1654ae6b', track)];
  return Buffer.concat([
    head,
    element('18538067', ...body, element('1f43b675', element('e7', Buffer.of(0)), ...blocks)),
  ]);
}

function nested(depth: number): Buffer {
  const size = 8 * depth;
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 8) {
    bytes.writeUInt32BE(size - at, at);
    bytes.write(at === 0 ? 'moov' : 'udta', at + 4);
  }
  return bytes;
}

function zip(): Buffer {
  const packed = deflateRawSync(zeros());
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(200 * 2 ** 20, 22);
  header.writeUInt16LE(1, 26);
  return Buffer.concat([header, Buffer.from('0'), packed]);
}

function ftyp(): Buffer {
  return box('ftyp', Buffer.from('isom'), u32(512), Buffer.from('isommp41'));
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type), body]);
}

function element(id: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(body.length) | (1n << 56n));
  return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
