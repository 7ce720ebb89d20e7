// Containers and pictures by their first bytes. Says what a file claims to be, not that it can be decoded.
import { Fault } from '../../contract/fault.ts';

/** Bytes of the head that `sniffVideo` can make use of. */
export const magicBytes = 1024;

const acceptedContainers = 'MP4/MOV, Matroska/WebM, AVI, MPEG-TS/PS or Ogg';

/** The MIME type of a video container. Throws Fault `invalid-video` where the head is of none that is accepted. */
export function videoType(head: Buffer): string {
  if (head.length === 0) throw new Fault('invalid-video', 'Invalid MP4 file: it is empty');
  const type = sniffVideo(head);
  if (type !== undefined) return type;
  const seen = describeHead(head);
  throw new Fault('invalid-video', `Invalid MP4 file: expected ${acceptedContainers}, but it begins with ${seen}`);
}

/** The MIME type of a picture. Throws Fault `invalid-image` where the head is of none that is accepted. */
export function imageType(head: Buffer): string {
  if (head.subarray(0, 8).equals(pngSignature)) return 'image/png';
  // SOI, and the 0xFF of the marker behind it (ITU-T T.81 §B.1.1.3).
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0xffd8ff) return 'image/jpeg';
  throw new Fault('invalid-image', 'Invalid image file (expected PNG or JPEG)');
}

/** PNG (W3C, third edition) §5.2. */
const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');

/** The MIME type of a video container, or undefined where the head is of none that is accepted. */
export function sniffVideo(head: Buffer): string | undefined {
  return readers.map((read) => read(head)).find((type) => type !== undefined);
}

/** For the message to the person who sent it: `25 50 44 46 ("%PDF")`. */
export function describeHead(head: Buffer): string {
  const first = head.subarray(0, 8);
  const bytes = [...first].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = first.toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? `${bytes} (${JSON.stringify(text)})` : bytes;
}

const readers: readonly ((head: Buffer) => string | undefined)[] = [
  readIsoMedia,
  readEbml,
  readAvi,
  readTs,
  readPs,
  readOgg,
];

/** ISO/IEC 14496-12 §4.2: size, type. QuickTime files may begin with any of these atoms. */
function readIsoMedia(head: Buffer): string | undefined {
  if (head.length < 8) return undefined;
  const [size, atom] = [head.readUInt32BE(0), head.toString('latin1', 4, 8)];
  // 0 is "to the end of the file", 1 "a 64-bit size follows".
  if (size > 1 && size < 8) return undefined;
  if (atom === 'ftyp') return head.toString('latin1', 8, 12) === 'qt  ' ? 'video/quicktime' : 'video/mp4';
  return ['moov', 'mdat', 'wide', 'free', 'skip'].includes(atom) ? 'video/quicktime' : undefined;
}

/** RFC 8794 §8.1; the document type stands in the header's first elements. */
function readEbml(head: Buffer): string | undefined {
  if (head.length < 4 || head.readUInt32BE(0) !== 0x1a45dfa3) return undefined;
  return head.subarray(0, 64).includes('webm') ? 'video/webm' : 'video/x-matroska';
}

function readAvi(head: Buffer): string | undefined {
  return head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'AVI '
    ? 'video/x-msvideo'
    : undefined;
}

/** ISO/IEC 13818-1 §2.4.3: sync byte 0x47 at every packet; M2TS puts four bytes before each. A single 'G' proves nothing. */
function readTs(head: Buffer): string | undefined {
  const inStep = (first: number, step: number): boolean => {
    const at = [0, 1, 2, 3].map((packet) => first + packet * step).filter((offset) => offset < head.length);
    return at.length >= 2 && at.every((offset) => head[offset] === 0x47);
  };
  return inStep(0, 188) || inStep(4, 192) ? 'video/mp2t' : undefined;
}

/** ISO/IEC 13818-1 §2.5.3.4: pack header. */
function readPs(head: Buffer): string | undefined {
  return head.length >= 4 && head.readUInt32BE(0) === 0x000001ba ? 'video/mpeg' : undefined;
}

/** RFC 3533 §6. */
function readOgg(head: Buffer): string | undefined {
  return head.toString('latin1', 0, 4) === 'OggS' ? 'video/ogg' : undefined;
}
