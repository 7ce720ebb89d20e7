// Pictures as a source: turned as they say, decoded whatever their pixels, and refused with a reason.
import { readFile, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { probeStill } from '../../../appliance/worker/ingest/still.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { exif, withExif } from './exif-block.ts';
import { Ingest } from './opened.ts';

/** After the first chunk, which is 33 bytes into the file. */
function withChunk(png: Buffer, type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const chunk = Buffer.alloc(8);
  chunk.writeUInt32BE(content.length, 0);
  chunk.writeUInt32BE(crc32(body) >>> 0, 4);
  return Buffer.concat([png.subarray(0, 33), chunk.subarray(0, 4), body, chunk.subarray(4), png.subarray(33)]);
}

/** What is seen in the corners: upper left and right, lower left and right. */
const shown = ['RG/BW', 'GR/WB', 'WB/GR', 'BW/RG', 'RB/GW', 'BR/WG', 'WG/BR', 'GW/RB'];
const sidewaysFrom = 5;

describe.skipIf(noFfmpeg !== null)(`a still picture${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let corners: readonly string[];
  let pattern: readonly string[];
  beforeAll(async () => {
    media = await MediaFolder.open();
    const field = (colour: string) => `color=${colour}:s=48x32:r=1:d=1`;
    const stacked = '[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack';
    const inputs = ['red', 'lime', 'blue', 'white'].flatMap((colour) => ['-f', 'lavfi', '-i', field(colour)]);
    corners = [...inputs, '-filter_complex', stacked, '-frames:v', '1'];
    pattern = [...media.pattern('320x200', 1, 1), '-vf', 'scale=321:201', '-frames:v', '1'];
  });
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  async function written(name: string, bytes: Uint8Array | string): Promise<string> {
    await writeFile(media.file(name), bytes);
    return media.file(name);
  }

  async function frames(file: string, width = 24, height = 24) {
    const seen = [];
    const source = ingest.still(file, { width, height });
    for await (const { index, ptsS, pixels, stride } of source)
      seen.push({ index, ptsS, pixels: pixels.slice(), stride });
    return { seen, framesRead: source.framesRead };
  }

  async function cornersOf(file: string): Promise<string> {
    const { seen } = await frames(file);
    const [frame] = seen;
    const at = (x: number, y: number) => {
      const bright = [0, 1, 2].map((plane) => (frame?.pixels[(plane * 24 + y) * 24 + x] ?? 0) > 128);
      return { 'true,false,false': 'R', 'false,true,false': 'G', 'false,false,true': 'B', 'true,true,true': 'W' }[
        bright.join(',')
      ];
    };
    return `${at(4, 4)}${at(19, 4)}/${at(4, 19)}${at(19, 19)}`;
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('of EXIF orientation %i is seen as its camera meant it', async (orientation) => {
    const jpeg = await readFile(await media.make('corners.jpg', ...corners, '-q:v', '2'));
    const png = await readFile(await media.make('corners.png', ...corners));
    const size = orientation < sidewaysFrom ? { width: 96, height: 64 } : { width: 64, height: 96 };
    for (const order of ['II', 'MM'] as const) {
      const block = exif(orientation, order);
      const file = await written(`turned.jpg`, withExif(jpeg, block));
      expect((await probeStill(file)).info).toMatchObject({
        ...size,
        container: 'jpeg',
        frames: 1,
        fps: 0,
        duration_s: 0,
      });
      expect(await cornersOf(file)).toBe(shown[orientation - 1]);
      const chunked = await written('turned.png', withChunk(png, 'eXIf', block));
      expect((await probeStill(chunked)).info).toMatchObject({ ...size, container: 'png' });
      expect(await cornersOf(chunked)).toBe(shown[orientation - 1]);
    }
  });

  test('with nonsense for an orientation is taken as it is stored', async () => {
    const jpeg = await readFile(await media.make('plain.jpg', ...corners, '-q:v', '2'));
    for (const block of [
      exif(9, 'II'),
      exif(0, 'MM'),
      Buffer.from('MM\0*\xff\xff\xff\xff', 'latin1'),
      Buffer.from('II'),
    ]) {
      expect(await cornersOf(await written('odd.jpg', withExif(jpeg, block)))).toBe('RG/BW');
    }
  });

  test.each(['gray', 'ya8', 'pal8', 'rgb24', 'rgba', 'monob', 'gray16be', 'rgb48be', 'rgba64be'])(
    'as PNG of %s pixels is decoded',
    async (format) => {
      const file = await media.make(`${format}.png`, ...pattern, '-pix_fmt', format);
      expect((await probeStill(file)).info).toMatchObject({ width: 321, height: 201 });
      expect((await frames(file)).seen).toHaveLength(1);
    },
  );

  test.each(['gray', 'yuvj420p', 'yuvj422p', 'yuvj444p'])('as JPEG of %s pixels is decoded', async (format) => {
    const file = await media.make(`${format}.jpg`, ...pattern, '-pix_fmt', format);
    expect((await probeStill(file)).info).toMatchObject({ width: 321, height: 201, codec: 'jpeg' });
    expect((await frames(file)).seen).toHaveLength(1);
  });

  test('is the first one of a file that holds several, or of an animation', async () => {
    const [red, blue] = await Promise.all(
      ['red', 'blue'].map(async (colour) =>
        readFile(await media.make(`${colour}.jpg`, '-f', 'lavfi', '-i', `color=${colour}:s=32x32`, '-frames:v', '1')),
      ),
    );
    const two = await written('two.jpg', Buffer.concat([red ?? Buffer.alloc(0), blue ?? Buffer.alloc(0)]));
    const moving = await media.make('moving.apng', ...media.pattern('64x64', 5, 1), '-f', 'apng');
    const trailed = await written('trailed.jpg', Buffer.concat([red ?? Buffer.alloc(0), Buffer.alloc(9000, 'more')]));
    for (const file of [two, moving, trailed]) {
      const { seen, framesRead } = await frames(file);
      expect(seen).toMatchObject([{ index: 0, ptsS: 0 }]);
      expect(framesRead).toBe(1);
    }
    expect(await cornersOf(two)).toBe('RR/RR');
  });

  test('is decoded from any path', async () => {
    const file = await media.make(`it's ! fakesink "$(x)" ünïcode.png`, ...pattern);
    expect((await frames(file)).seen).toHaveLength(1);
  });

  /** A picture that is fine but for the size that it claims. */
  async function claiming(width: number, height: number): Promise<string> {
    const bytes = await readFile(await media.make('small.png', ...pattern));
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)) >>> 0, 29);
    return written('claiming.png', bytes);
  }

  async function claimingJpeg(width: number, height: number): Promise<string> {
    const bytes = await readFile(await media.make('small.jpg', ...pattern));
    const at = bytes.indexOf(Uint8Array.of(0xff, 0xc0, 0, 0x11));
    bytes.writeUInt16BE(height, at + 5);
    bytes.writeUInt16BE(width, at + 7);
    return written('claiming.jpg', bytes);
  }

  test.each<[string, () => Promise<string>, string, RegExp]>([
    ['is empty', () => written('zero.png', ''), 'source-empty', /empty/],
    ['is missing', () => Promise.resolve(media.file('gone.png')), 'source-undecodable', /not there/],
    ['is a text', () => written('text.png', 'plain words\n'.repeat(400)), 'source-undecodable', /neither a PNG nor/],
    ['is shorter than any header', () => written('bit.png', 'P'), 'source-undecodable', /cut off/],
    ['claims 50,000 × 50,000', () => claiming(50_000, 50_000), 'source-undecodable', /picture claims.*50000 × 50000/],
    ['claims 65,500 × 65,500', () => claimingJpeg(65_500, 65_500), 'source-undecodable', /65500 × 65500/],
    ['has no size', () => claiming(0, 8), 'source-undecodable', /damaged/],
    [
      'is JPEG’s first marker alone',
      () => written('soi.jpg', Buffer.from('ffd8ffd9'.repeat(3), 'hex')),
      'source-undecodable',
      /damaged/,
    ],
  ])('that %s is refused by the probe', async (_, file, code, message) => {
    const before = process.memoryUsage.rss();
    const told = { code, message: expect.stringMatching(message) as string };
    await expect(probeStill(await file())).rejects.toMatchObject(told);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 2 ** 20);
  });

  test.each(['png', 'jpg'])('that is cut off is refused when it is decoded, as %s', async (extension) => {
    const bytes = await readFile(await media.make(`whole.${extension}`, ...pattern));
    const file = await written(`cut.${extension}`, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
    expect((await probeStill(file)).info).toMatchObject({ width: 321, height: 201 });
    await expect(frames(file)).rejects.toMatchObject({
      code: 'source-undecodable',
      message: 'The picture is cut off or damaged; it cannot be decoded.',
    });
  });
});
