// What the header of a PNG or JPEG file says of its picture: size and orientation, read before anything is decoded.
import { open, type FileHandle } from 'node:fs/promises';
import { Fault } from '../../contract/fault.ts';
import { readOrientation, type Orientation } from './exif.ts';

export interface StillHeader {
  readonly kind: 'png' | 'jpeg';
  /** As stored, before it is turned. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Where it was read to: the coded picture lies behind. */
  readonly codedAt: number;
}

interface Source {
  /** Throws Fault source-undecodable where the picture ends before. */
  bytes(position: number, length: number): Promise<Buffer>;
}

/** Throws Fault source-undecodable where the file is no PNG or JPEG, or ends within its header. */
export async function readStillHeader(path: string): Promise<StillHeader> {
  const file = await open(path, 'r');
  try {
    return await readHeader(new FileSource(file));
  } finally {
    await file.close();
  }
}

/** Of a picture in memory. Throws Fault source-undecodable as above, and where the picture has no end. */
export async function readPictureHeader(bytes: Buffer): Promise<StillHeader> {
  const header = await readHeader({
    bytes: (position, length) =>
      position + length <= bytes.length
        ? Promise.resolve(bytes.subarray(position, position + length))
        : Promise.reject(damaged()),
  });
  // What is coded cannot hold these bytes, and what stands behind the header is coded, or of no account.
  const end = header.kind === 'png' ? pngEnd : jpegEnd;
  if (bytes.lastIndexOf(end) <= header.codedAt) throw damaged();
  return header;
}

async function readHeader(source: Source): Promise<StillHeader> {
  const start = await source.bytes(0, 8);
  const png = start.equals(pngSignature);
  if (!png && start.readUInt16BE(0) !== startOfImage) {
    throw new Fault('source-undecodable', 'The file is neither a PNG nor a JPEG picture.');
  }
  const header = png ? await readPng(source) : await readJpeg(source);
  if (header.width === 0 || header.height === 0) throw damaged();
  return header;
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');
const startOfImage = 0xffd8;
const jpegEnd = Buffer.from('ffd9', 'hex');
/** The chunk IEND without its length, which is 0, and with its checksum. */
const pngEnd = Buffer.from('49454e44ae426082', 'hex');
/** More segments or chunks than this before the picture itself are no picture's. */
const mostParts = 10_000;
/** Of an EXIF block: a JPEG segment holds no more. */
const mostExif = 65_535;

/** PNG (W3C, third edition) §5.3 chunks, §11.2.1 IHDR, §11.3.4.6 eXIf, which lies before IDAT where it is worth anything. */
async function readPng(source: Source): Promise<StillHeader> {
  const header = await source.bytes(8, 16);
  if (header.toString('latin1', 4, 8) !== 'IHDR') throw damaged();
  const picture = { kind: 'png', width: header.readUInt32BE(8), height: header.readUInt32BE(12) } as const;
  let at = 8;
  for (let part = 0; part < mostParts; part++) {
    const chunk = await source.bytes(at, 8);
    const [length, type] = [chunk.readUInt32BE(0), chunk.toString('latin1', 4, 8)];
    if (type === 'eXIf') {
      const exif = await source.bytes(at + 8, Math.min(length, mostExif));
      return { ...picture, orientation: readOrientation(exif), codedAt: at };
    }
    if (type === 'IDAT') return { ...picture, orientation: 1, codedAt: at };
    at += 12 + length;
  }
  throw damaged();
}

/** ITU-T T.81 §B.1.1.4 segments, §B.2.2 frame header; EXIF in APP1 (CIPA DC-008 §4.5.4). */
async function readJpeg(source: Source): Promise<StillHeader> {
  let orientation: Orientation = 1;
  let at = 2;
  for (let part = 0; part < mostParts; part++) {
    const [fill = 0, marker = 0] = await source.bytes(at, 2);
    if (fill !== 0xff) throw damaged();
    // Any number of fill bytes may stand in front of a marker.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = (await source.bytes(at + 2, 2)).readUInt16BE(0);
    if (length < 2) throw damaged();
    if (isFrameHeader(marker)) {
      const frame = await source.bytes(at + 4, 6);
      // GStreamer's decoder knows one and three.
      if (frame[5] === 4)
        throw new Fault('source-undecodable', 'The picture is made for print (CMYK); save it as RGB.');
      return { kind: 'jpeg', width: frame.readUInt16BE(3), height: frame.readUInt16BE(1), orientation, codedAt: at };
    }
    if (marker === 0xda || marker === 0xd9) throw damaged();
    if (marker === 0xe1) orientation = (await readApp1(source, at + 4, length - 2)) ?? orientation;
    at += 2 + length;
  }
  throw damaged();
}

/** Null for an APP1 that holds something else, such as XMP. */
async function readApp1(source: Source, at: number, length: number): Promise<Orientation | null> {
  const bytes = await source.bytes(at, length);
  return bytes.toString('latin1', 0, 6) === 'Exif\0\0' ? readOrientation(bytes.subarray(6)) : null;
}

/** SOF0 to SOF15; DHT, JPG and DAC lie among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

class FileSource implements Source {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async bytes(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead < length) throw damaged();
    return buffer;
  }
}

function damaged(): Fault {
  return new Fault('source-undecodable', 'The picture is cut off or damaged; it cannot be decoded.');
}
