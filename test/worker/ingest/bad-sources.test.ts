import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../../appliance/contract/fault.ts';
import { shortfall } from '../../../appliance/worker/shortfall.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { Ingest, times } from './opened.ts';

describe.skipIf(noFfmpeg !== null)(`bad sources${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let sound: string;
  let fast: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const audio = ['-f', 'lavfi', '-i', 'sine=d=4', '-c:a', 'aac'];
    const video = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'];
    sound = await media.make('sound.mp4', ...media.pattern('320x240', 25, 4), ...audio, ...video);
    fast = await media.make('fast.mp4', '-i', sound, '-c', 'copy', '-movflags', '+faststart');
  });
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  async function half(file: string, name: string): Promise<string> {
    const bytes = await readFile(file);
    return written(name, bytes.subarray(0, bytes.length / 2));
  }

  async function written(name: string, bytes: Uint8Array | string): Promise<string> {
    await writeFile(media.file(name), bytes);
    return media.file(name);
  }

  const encryption = [
    ...['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', '0'.repeat(32)],
    ...['-encryption_kid', '1'.repeat(32)],
  ];

  /** A motion JPEG whose pictures say that they are of this size. */
  async function claiming(width: number, height: number): Promise<string> {
    const bytes = await readFile(await media.make('small.avi', '-i', sound, '-an', '-frames:v', '2', '-c:v', 'mjpeg'));
    const header = Uint8Array.of(0xff, 0xc0, 0, 0x11);
    for (let at = bytes.indexOf(header); at >= 0; at = bytes.indexOf(header, at + 1)) {
      bytes.writeUInt16BE(height, at + 5);
      bytes.writeUInt16BE(width, at + 7);
    }
    return written('claiming.avi', bytes);
  }

  const magicOnly = Uint8Array.from([0, 0, 0, 0x18, ...Buffer.from('ftypmp42\0\0\0\0mp42isom'), ...new Uint8Array(60)]);
  const noise = Uint8Array.from({ length: 20_000 }, (_, at) => (at * at * 31) % 253);

  test.each<[string, () => string | Promise<string>, string, RegExp]>([
    ['is missing', () => media.file('gone.mp4'), 'source-undecodable', /not there/],
    ['is a folder', () => media.path, 'source-undecodable', /folder/],
    ['is empty', () => written('zero.mp4', ''), 'source-empty', /empty/],
    ['is a text', () => written('text.mp4', 'plain words\n'.repeat(400)), 'source-undecodable', /not a video/],
    ['is noise', () => written('noise.mp4', noise), 'source-undecodable', /not a video/],
    ['has magic bytes only', () => written('magic.mp4', magicOnly), 'source-undecodable', /^The file is damaged/],
    [
      'is encrypted',
      () => media.make('locked.mp4', '-i', sound, '-c', 'copy', ...encryption),
      'source-undecodable',
      /encrypted/,
    ],
    [
      'is cut so that its beginning lies behind its length',
      () => media.make('cut-late.mp4', '-ss', '3', '-i', sound, '-an', '-c', 'copy'),
      // GStreamer 1.22 takes the place in the file for the time that is shown, and ends before it has begun.
      'source-without-frames',
      /no frame/,
    ],
    ['has a picture that no memory holds', () => claiming(16_384, 16_384), 'source-undecodable', /16384 × 16384/],
    [
      'has no video',
      () => media.make('audio.mp4', '-i', sound, '-vn', '-c', 'copy'),
      'source-without-video',
      /no video/,
    ],
    ['is cut off before its index', () => half(sound, 'no-index.mp4'), 'source-undecodable', /cut off/],
  ])('that %s is refused by the probe with a reason', async (_, file, code, message) => {
    await expect(ingest.probe(await file())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test('that has a video track without one whole frame is refused', async () => {
    const file = await media.make('no-frames.mkv', '-i', sound, '-an', '-c', 'copy', '-cluster_time_limit', '100');
    const bytes = await readFile(file);
    const cluster = bytes.indexOf(Uint8Array.of(0x1f, 0x43, 0xb6, 0x75));
    const cut = await written('cut.mkv', bytes.subarray(0, cluster + 12));
    const refused = { code: expect.stringMatching(/^source-(without-frames|undecodable|without-video)$/) as string };
    await expect(ingest.probe(cut)).rejects.toMatchObject(refused);
  });

  test('that is cut off after its index gives what is there, and a warning says what is not', async () => {
    const file = await half(fast, 'cut.mp4');
    const { info } = await ingest.probe(file);
    const source = ingest.frames(file);
    const seen = await times(source);
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.length).toBeLessThan(100);
    expect(info.duration_s).toBe(4);
    const decoded = { frames: source.framesRead, endS: source.endS, brokenBy: source.brokenBy?.message ?? null };
    expect(shortfall(info, decoded)).toEqual([expect.stringMatching(/^source ends at [12]\.\d\d s of 4\.00 s$/)]);
  });

  test('that break in the middle give every frame before the break, and a warning says why', async () => {
    const fragments = ['-movflags', 'frag_keyframe+empty_moov', '-g', '25', '-c:v', 'libx264', '-preset', 'ultrafast'];
    // More before the break than decodebin takes in advance: while it plugs its parts together it drops a demuxer's error.
    const big = ['-vf', 'scale=960:720,noise=alls=20', '-qp', '0'];
    const file = await media.make('broken.mp4', '-i', sound, '-an', ...big, ...fragments);
    const bytes = await readFile(file);
    const third = [0, 1, 2].reduce((at) => bytes.indexOf('moof', at + 1), 0);
    bytes.writeUInt32BE(0x7fffffff, third - 4);
    await writeFile(file, bytes);
    const { info } = await ingest.probe(file);
    expect(info.frames).toBeNull();
    const source = ingest.frames(file);
    expect(await times(source)).toHaveLength(50);
    expect(source.brokenBy).toMatchObject({ code: 'source-undecodable' });
    const decoded = { frames: source.framesRead, endS: source.endS, brokenBy: source.brokenBy?.message ?? null };
    expect(shortfall(info, decoded)[0]).toMatch(/^decoding stopped after 50 frames: /);
  });

  test('with damage in the middle still come to a defined end', async () => {
    const bytes = await readFile(sound);
    for (let at = 5000; at < bytes.length - 20_000; at += 1500) bytes.fill((at * 7) % 256, at, at + 40);
    const source = ingest.frames(await written('damaged.mp4', bytes));
    const seen = await times(source);
    expect(seen.length).toBeGreaterThan(0);
  });

  test('that sound fine raise no warning', async () => {
    const fragmented = ['-movflags', 'frag_keyframe+empty_moov'];
    for (const args of [
      ['-i', sound],
      ['-ss', '1.5', '-i', sound],
      ['-i', sound, ...fragmented],
    ]) {
      const file = await media.make('copy.mp4', ...args, '-c', 'copy');
      const { info } = await ingest.probe(file);
      const source = ingest.frames(file);
      await times(source);
      expect(shortfall(info, { frames: source.framesRead, endS: source.endS, brokenBy: null })).toEqual([]);
    }
  });

  test('that stall are given up after the time allowed, and not before', async () => {
    const stream = await readFile(await media.make('stream.mkv', '-i', sound, '-an', '-c', 'copy'));
    const pipe = media.file('pipe');
    execFileSync('mkfifo', [pipe]);
    // Both ends in one handle, so that opening does not wait; closed, it ends the stream.
    const writer = await open(pipe, constants.O_RDWR);
    try {
      const source = ingest.frames(pipe, { stallMs: 400 });
      const fed = writer.write(stream, 0, Math.min(60_000, stream.length));
      let last = 0;
      const reading = (async () => {
        for await (const frame of source) last = frame.index && performance.now();
      })();
      await expect(reading).rejects.toMatchObject({ code: 'source-stalled' });
      expect(performance.now() - last).toBeGreaterThan(350);
      await fed;
    } finally {
      await writer.close();
    }
  });

  test('are left at once when the job is cancelled', async () => {
    const source = ingest.frames(sound);
    const reading = (async () => {
      for await (const frame of source) if (frame.index === 5) ingest.cancel(new Fault('cancelled', 'Cancelled'));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    expect(source.framesRead).toBe(6);
  });
});
