// Files that are odd rather than broken, and files whose headers lie: what cameras, editors and pranksters make.
import { readFile, writeFile } from 'node:fs/promises';
import type { MediaFolder } from '../../support/worker-media.ts';
import { bombs } from './bombs.ts';
import { fieldIn, repeated } from './patch.ts';

const h264 = '-pix_fmt yuv420p -c:v libx264 -preset ultrafast';
const vpx = '-deadline realtime -cpu-used 8';
const tone = '-f lavfi -i sine=d=2';

/** The arguments of ffmpeg, with single blanks between them and without the output. */
type Made = (of: (name: string) => string) => string;

const pattern = (size: string, rate: number, seconds: number) =>
  `-f lavfi -i testsrc2=s=${size}:r=${rate}:d=${seconds}`;

const odd: Readonly<Record<string, Made>> = {
  'variable rate.mp4': () => `${pattern('160x120', 30, 3)} -vf select='lt(n,20)+not(mod(n,7))' -vsync vfr ${h264}`,
  'turned.mp4': (of) => `-i ${of('plain.mp4')} -c copy -metadata:s:v rotate=90`,
  'not square.mp4': () => `${pattern('160x120', 10, 2)} -vf setsar=16/11 ${h264}`,
  'odd size.mp4': () => `${pattern('161x121', 10, 2)} -pix_fmt yuv444p -c:v libx264`,
  'one pixel.mkv': () => `${pattern('160x120', 10, 1)} -vf scale=1:1 -c:v ffv1`,
  'one pixel.mp4': () => `${pattern('160x120', 10, 1)} -vf scale=1:1,format=yuv444p -c:v libx264`,
  'one line.mkv': () => `${pattern('160x120', 10, 1)} -vf scale=4000:1 -c:v ffv1`,
  'interlaced.ts': () => `${pattern('160x120', 25, 2)} -vf interlace -c:v mpeg2video -flags +ildct+ilme`,
  'late start.mkv': (of) => `-i ${of('plain.mp4')} -c copy -output_ts_offset 36000`,
  'late start.ts': (of) => `-i ${of('plain.mp4')} -c copy -output_ts_offset 36000`,
  'two sizes.ts': (of) => `-i concat:${of('small.ts')}|${of('large.ts')} -c copy`,
  'one frame.mp4': () => `${pattern('160x120', 10, 1)} -frames:v 1 ${h264}`,
  'sound only.mp4': () => `${tone} -c:a aac`,
  'sound only.mkv': () => `${tone} -c:a libopus`,
  'sound only.ts': () => `${tone} -c:a mp2`,
  'cover art only.mp4': (of) =>
    `${tone} -i ${of('still.jpg')} -map 0 -map 1 -c:a aac -c:v copy -disposition:v attached_pic`,
  'cover art only.mkv': (of) => `${tone} -c:a libopus -attach ${of('still.jpg')} -metadata:s:t mimetype=image/jpeg`,
  '8k.mp4': (of) => `-i ${of('8k-still.mp4')} -c copy`,
  'encrypted.mp4': (of) =>
    `-i ${of('plain.mp4')} -c copy -encryption_scheme cenc-aes-ctr ` +
    `-encryption_key ${'0'.repeat(32)} -encryption_kid ${'1'.repeat(32)}`,
  'mpeg.mpg': (of) => `-i ${of('plain.mp4')} -c:v mpeg2video`,
  'theora.ogv': (of) => `-i ${of('plain.mp4')} -c:v libtheora`,
};

/** Made of a sound file, whose name comes first, by changing a few bytes. */
const lies: Readonly<Record<string, readonly [of: string, lie: (bytes: Buffer) => Buffer]>> = {
  'ten hours.mp4': ['plain.mp4', (b) => fieldIn(fieldIn(b, 'mvhd', 16, 36_000_000), 'mdhd', 16, 36_000 * 10_240)],
  'ten hours.mkv': ['plain.mkv', (b) => repeated(b, '448988', (at) => b.writeDoubleBE(36_000_000, at))],
  'no time between frames.mp4': ['plain.mp4', (b) => fieldIn(b, 'stts', 12, 0)],
  'no clock.mp4': ['plain.mp4', (b) => fieldIn(fieldIn(b, 'mdhd', 12, 0), 'mvhd', 12, 0)],
  'no rate.avi': ['plain.avi', (b) => fieldIn(fieldIn(fieldIn(b, 'strh', 24, 0), 'strh', 28, 0), 'avih', 4, 0)],
  'endless samples.mp4': ['plain.mp4', (b) => fieldIn(fieldIn(b, 'stsz', 4, 1), 'stsz', 8, 0xfffffff0)],
  'endless times.mp4': ['plain.mp4', (b) => fieldIn(fieldIn(b, 'stts', 4, 0xfffffff0), 'stts', 8, 0xfffffff0)],
  'endless chunks.mp4': ['plain.mp4', (b) => fieldIn(b, 'stco', 4, 0x3fffffff)],
  'unknown codec.mp4': [
    'plain.mp4',
    (b) => repeated(b, Buffer.from('avc1').toString('hex'), (at) => b.write('zzzz', at - 4)),
  ],
  '8k header.mp4': ['8k-still.mp4', (b) => b.subarray(0, b.indexOf('mdat') + 900)],
  '64k picture.avi': ['mjpeg.avi', (b) => repeated(b, 'ffc00011', (at) => b.writeUInt32BE(0xffdcffdc, at + 1))],
  '16k picture.avi': ['mjpeg.avi', (b) => repeated(b, 'ffc00011', (at) => b.writeUInt32BE(0x40004000, at + 1))],
  '64k picture.webm': ['vp9.webm', (b) => repeated(b, '498342', (at) => b.fill(0xff, at + 1, at + 5))],
  '16k picture.webm': ['vp8.webm', (b) => repeated(b, '9d012a', (at) => b.fill(0x3f, at, at + 4))],
  'half an ogg.ogv': ['theora.ogv', (b) => b.subarray(0, b.length / 2)],
  'half an mpg.mpg': ['mpeg.mpg', (b) => b.subarray(0, b.length / 2)],
  'picture.mp4': ['still.jpg', (b) => b],
  'text.mp4': ['plain.mp4', () => Buffer.from('plain words\n'.repeat(400))],
  'noise.mp4': ['plain.mp4', (b) => Buffer.from(b.map((byte, at) => byte ^ (at * 37)))],
  'nothing.mp4': ['plain.mp4', () => Buffer.alloc(0)],
  'first 83 bytes.mp4': ['plain.mp4', (b) => b.subarray(0, 83)],
};

const ingredients: Readonly<Record<string, Made>> = {
  'plain.mp4': () => `${pattern('160x120', 10, 2)} ${h264}`,
  'plain.mkv': (of) => `-i ${of('plain.mp4')} -c copy`,
  'plain.avi': (of) => `-i ${of('plain.mp4')} -c:v mpeg4`,
  'mjpeg.avi': (of) => `-i ${of('plain.mp4')} -c:v mjpeg -pix_fmt yuvj420p`,
  'vp8.webm': (of) => `-i ${of('plain.mp4')} -c:v libvpx ${vpx}`,
  'vp9.webm': (of) => `-i ${of('plain.mp4')} -c:v libvpx-vp9 ${vpx}`,
  'small.ts': (of) => `-i ${of('plain.mp4')} -vf scale=160:120 ${h264}`,
  'large.ts': (of) => `-i ${of('plain.mp4')} -vf scale=320:180 ${h264}`,
  '8k-still.mp4': () => `-f lavfi -i color=s=7680x4320:r=10:d=0.1 ${h264} -movflags faststart`,
  'still.jpg': () => `${pattern('64x64', 1, 1)} -frames:v 1`,
};

/** Their paths, by what they are. */
export async function makeSpecials(media: MediaFolder): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  const make = (name: string, made: Made) => media.make(name, ...made((other) => media.file(other)).split(' '));
  for (const [name, made] of Object.entries(ingredients)) await make(name, made);
  for (const [name, made] of Object.entries(odd)) paths.set(name, await make(name, made));
  const written = async (name: string, bytes: Buffer) => {
    paths.set(name, media.file(name));
    await writeFile(media.file(name), bytes);
  };
  for (const [name, [of, lie]] of Object.entries(lies)) await written(name, lie(await readFile(media.file(of))));
  for (const [name, bomb] of Object.entries(bombs)) await written(name, bomb());
  return paths;
}
