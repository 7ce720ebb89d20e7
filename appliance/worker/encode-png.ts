// Writes planes of pixels as a PNG file, without an encoder of GStreamer's, which some installations lack.
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

export interface Planes {
  readonly width: number;
  readonly height: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Planes R, G, B behind each other, each `stride × height` bytes. */
  readonly pixels: Uint8Array;
}

const signature = Buffer.from('89504e470d0a1a0a', 'hex');
const compress = promisify(deflate);

/** PNG (W3C, third edition) §5 and §11.2: 8 bits a sample, RGB, filter Sub in every row. */
export async function encodePng(planes: Planes): Promise<Buffer> {
  const { width, height } = planes;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = await compress(filtered(planes), { level: 6 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

const subFilter = 1;

/** Each sample as its difference from the pixel to the left. */
function filtered({ width, height, stride, pixels }: Planes): Buffer {
  const rowBytes = 1 + width * 3;
  const rows = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    rows[y * rowBytes] = subFilter;
    for (let plane = 0; plane < 3; plane++) {
      const from = (plane * height + y) * stride;
      let left = 0;
      for (let x = 0; x < width; x++) {
        const sample = pixels[from + x] ?? 0;
        rows[y * rowBytes + 1 + x * 3 + plane] = sample - left;
        left = sample;
      }
    }
  }
  return rows;
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
