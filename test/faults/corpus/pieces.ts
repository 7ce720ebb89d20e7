// The parts that a container is made of, as far as a mutation needs them: where each lies, and where its length is told.

/** Offsets in bytes; `end` is behind the last one. */
export interface Piece {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly parent: Piece | null;
  /** Writes another length into the header of this piece; what has no room is cut to its lowest bits. */
  readonly claim: (bytes: Buffer, length: number) => void;
}

export type PieceReader = (bytes: Buffer) => Piece[];

/** ISO/IEC 14496-12 §4.2: a box is size, type, content. Only boxes of 32-bit size; FFmpeg writes no other so small. */
export function readBoxes(bytes: Buffer): Piece[] {
  const walk = (from: number, to: number, parent: Piece | null): Piece[] => {
    const found: Piece[] = [];
    for (let start = from; start + 8 <= to;) {
      const size = bytes.readUInt32BE(start);
      if (size < 8 || start + size > to) break;
      const name = bytes.toString('latin1', start + 4, start + 8);
      const at = start;
      const claim = (target: Buffer, length: number) => void target.writeUInt32BE(length >>> 0, at);
      const piece = { name, start, end: start + size, parent, claim };
      found.push(piece);
      if (boxesWithBoxes.has(name)) found.push(...walk(start + 8, piece.end, piece));
      start = piece.end;
    }
    return found;
  };
  return walk(0, bytes.length, null);
}

const boxesWithBoxes = new Set('moov trak mdia minf dinf stbl edts mvex moof traf mfra udta'.split(' '));

/** RFC 8794: an element is id, size, content, the first two with their own length in their leading zeros. */
export function readElements(bytes: Buffer): Piece[] {
  const width = (at: number) => Math.clz32(bytes[at] ?? 0) - 23;
  const walk = (from: number, to: number, parent: Piece | null): Piece[] => {
    const found: Piece[] = [];
    for (let start = from; start + 2 <= to;) {
      const idWidth = width(start);
      const sizeAt = start + idWidth;
      const sizeWidth = width(sizeAt);
      if (idWidth > 4 || sizeWidth > 8 || sizeAt + sizeWidth > to) break;
      const size = Number(
        bytes.subarray(sizeAt, sizeAt + sizeWidth).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) &
          mask(sizeWidth),
      );
      const content = sizeAt + sizeWidth;
      if (content + size > to) break;
      const name = bytes.toString('hex', start, sizeAt);
      const head = content - start;
      const claim = (target: Buffer, length: number) => {
        const told = (BigInt(Math.max(0, length - head)) & mask(sizeWidth)) | (1n << BigInt(7 * sizeWidth));
        target.write(told.toString(16).padStart(2 * sizeWidth, '0'), sizeAt, 'hex');
      };
      const piece = { name, start, end: content + size, parent, claim };
      found.push(piece);
      if (elementsWithElements.has(name)) found.push(...walk(content, piece.end, piece));
      start = piece.end;
    }
    return found;
  };
  return walk(0, bytes.length, null);
}

/** Segment, SeekHead, Seek, Info, Tracks, TrackEntry, Video, Cluster, BlockGroup, Cues, CuePoint, Tags, Tag. */
const elementsWithElements = new Set(
  '18538067 114d9b74 4dbb 1549a966 1654ae6b ae e0 1f43b675 a0 1c53bb6b bb 1254c367 7373'.split(' '),
);

function mask(sizeWidth: number): bigint {
  return (1n << BigInt(7 * sizeWidth)) - 1n;
}

/** RIFF: a chunk is type, size of the content, content, filled to an even length; RIFF and LIST hold chunks behind a type. */
export function readChunks(bytes: Buffer): Piece[] {
  const walk = (from: number, to: number, parent: Piece | null): Piece[] => {
    const found: Piece[] = [];
    for (let start = from; start + 8 <= to;) {
      const size = bytes.readUInt32LE(start + 4);
      if (start + 8 + size > to) break;
      const name = bytes.toString('latin1', start, start + 4);
      const at = start + 4;
      const claim = (target: Buffer, length: number) => void target.writeUInt32LE((length - 8) >>> 0, at);
      const piece = { name, start, end: Math.min(to, start + 8 + size + (size % 2)), parent, claim };
      found.push(piece);
      if (name === 'RIFF' || name === 'LIST') found.push(...walk(start + 12, piece.end, piece));
      start = piece.end;
    }
    return found;
  };
  return walk(0, bytes.length, null);
}

/** ISO/IEC 13818-1 §2.4.3: packets of 188 bytes. They have no length; what lies comes in the sections and PES in them. */
export function readPackets(bytes: Buffer): Piece[] {
  return Array.from({ length: Math.floor(bytes.length / 188) }, (_, n): Piece => {
    const start = n * 188;
    const adapted = ((bytes[start + 3] ?? 0) & 0x20) !== 0;
    const begins = ((bytes[start + 1] ?? 0) & 0x40) !== 0;
    const payload = start + 4 + (adapted ? 1 + (bytes[start + 4] ?? 0) : 0);
    const pes = begins && payload + 6 <= start + 188 && bytes.readUIntBE(payload, 3) === 1;
    const kind = pes ? 'pes' : begins ? 'section' : adapted ? 'adapted' : 'payload';
    const claim = (target: Buffer, length: number) => {
      if (pes) target.writeUInt16BE(length & 0xffff, payload + 4);
      else if (begins) target.writeUInt16BE(0xb000 | (length & 0xfff), payload + 2);
      else target.set([0x30, length & 0xff], start + 3);
    };
    return { name: kind, start, end: start + 188, parent: null, claim };
  });
}
