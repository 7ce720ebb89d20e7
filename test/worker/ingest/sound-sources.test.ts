import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shortfall } from '../../../appliance/worker/shortfall.ts';
import { MediaFolder, noFfmpeg, packetCount, shownTimes } from '../../support/worker-media.ts';
import { Ingest, times } from './opened.ts';

const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'];

describe.skipIf(noFfmpeg !== null)(`sound sources, against ffprobe${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let base: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const sound = ['-f', 'lavfi', '-i', 'sine=d=3'];
    base = await media.make(
      'base.mp4',
      ...media.pattern('320x240', 30, 2),
      ...sound,
      ...['-c:v', 'libx264', '-bf', '3', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    );
  });
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  const copies: Readonly<Record<string, readonly string[]>> = {
    'b-frames.mp4': ['-c', 'copy'],
    'fragmented.mp4': ['-c', 'copy', '-movflags', 'frag_keyframe+empty_moov'],
    'copy.mkv': ['-an', '-c', 'copy'],
    'theora.ogv': ['-an', '-c:v', 'libtheora'],
    'vp8.webm': ['-an', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8'],
    'mjpeg.avi': ['-an', '-c:v', 'mjpeg'],
    'mpeg2.ts': ['-c:v', 'mpeg2video', '-c:a', 'mp2'],
    'mpeg1.mpg': ['-c:v', 'mpeg1video', '-c:a', 'mp2'],
    'mpeg4.mov': ['-an', '-c:v', 'mpeg4'],
    'variable.mp4': ['-an', ...h264, '-vf', "select='lt(n,20)+not(mod(n,7))'", '-vsync', 'vfr'],
    'variable.mkv': ['-an', ...h264, '-vf', "select='lt(n,20)+not(mod(n,7))'", '-vsync', 'vfr'],
    'odd.mp4': ['-an', '-vf', 'scale=321:181', '-pix_fmt', 'yuv444p', '-c:v', 'libx264', '-preset', 'ultrafast'],
  };

  test.each(Object.keys(copies))('%s gives every frame at its time, and its count before', async (name) => {
    const file = await media.make(name, '-i', base, ...(copies[name] ?? []));
    const { info } = await ingest.probe(file);
    expect(info.frames).toBe(await packetCount(file));
    const seen = await times(ingest.frames(file));
    const shown = await shownTimes(file);
    expect(seen).toHaveLength(shown.length);
    const furthest = Math.max(...seen.map((time, at) => Math.abs(time - (seen[0] ?? 0) - (shown[at] ?? NaN))));
    // Containers with clocks of 90 kHz, 1 ms or microseconds round differently.
    expect(furthest).toBeLessThan(0.0015);
    expect(seen[0]).toBeLessThan(0.1);
  });

  test('with an edit list give the frames that it shows, from 0 on', async () => {
    const file = await media.make('edit-list.mp4', '-ss', '1', '-i', base, '-c', 'copy');
    const { info } = await ingest.probe(file);
    const seen = await times(ingest.frames(file));
    expect(info).toMatchObject({ frames: await packetCount(file), fps: 30 });
    expect(seen.length).toBeLessThan(info.frames ?? 0);
    expect(Math.abs(seen.length - info.duration_s * info.fps)).toBeLessThanOrEqual(1);
    expect(seen[0]).toBeLessThan(0.001);
  });

  test('tell container, codec, size, rate and length', async () => {
    const { info, pixelAspect } = await ingest.probe(base);
    expect(info).toEqual({
      container: 'mp4',
      codec: 'h264',
      width: 320,
      height: 240,
      rotation: 0,
      fps: 30,
      // Of the video; the sound goes on for 3 s.
      duration_s: 2,
      frames: 60,
    });
    expect(pixelAspect).toBe(1);
  });

  test('of a variable rate tell the average', async () => {
    for (const name of ['variable.mp4', 'variable.mkv']) {
      const file = await media.make(name, '-i', base, ...(copies[name] ?? []));
      const { info } = await ingest.probe(file);
      expect(info.fps).toBeCloseTo((info.frames ?? 0) / info.duration_s, 0);
    }
  });

  test('that are turned for showing are seen upright', async () => {
    const upper = 'color=red:s=160x40:r=10:d=0.5[a];color=blue:s=160x80:r=10:d=0.5[b];[a][b]vstack';
    const flat = await media.make('flat.mp4', '-filter_complex', upper, '-frames:v', '5', ...h264);
    const file = await media.make('turned.mp4', '-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90');
    const { info } = await ingest.probe(file);
    expect(info).toMatchObject({ width: 120, height: 160 });
    expect([90, 270]).toContain(info.rotation);
    for await (const { width, height, stride, pixels } of ingest.frames(file, { width: 12, height: 16 })) {
      const at = (x: number, y: number) =>
        [0, 1, 2].map((plane) => (pixels[(plane * height + y) * stride + x] ?? 0) > 128);
      // A third of the width is red, on the side that was on top; the rest is blue.
      const [red, blue] = info.rotation === 90 ? [width - 2, 2] : [2, width - 2];
      expect(at(red, height / 2)).toEqual([true, false, false]);
      expect(at(blue, height / 2)).toEqual([false, false, true]);
    }
  });

  test('that begin late in their container are as long as they are', async () => {
    for (const name of ['late.mkv', 'late.ts', 'late.webm']) {
      const codec = name === 'late.webm' ? (copies['vp8.webm'] ?? []) : ['-an', '-c', 'copy'];
      const file = await media.make(name, '-i', base, ...codec, '-output_ts_offset', '36000');
      const { info } = await ingest.probe(file);
      const source = ingest.frames(file);
      expect(await times(source)).toHaveLength(60);
      if (name !== 'late.ts') expect(info.duration_s).toBeCloseTo(2, 1);
      expect(shortfall(info, { frames: source.framesRead, endS: source.endS, brokenBy: null })).toEqual([]);
    }
  });

  test('whose picture begins after the sound keep its time', async () => {
    const inputs = ['-f', 'lavfi', '-i', 'sine=d=3', '-itsoffset', '1', ...media.pattern('160x120', 10, 2)];
    for (const name of ['second.mkv', 'second.mp4']) {
      const file = await media.make(name, ...inputs, '-c:a', 'libopus', '-vsync', 'passthrough', ...h264);
      const { info } = await ingest.probe(file);
      const seen = await times(ingest.frames(file));
      expect(seen).toHaveLength(20);
      expect(seen[0]).toBeCloseTo(1, 1);
      expect(info.duration_s).toBeCloseTo(3, 1);
    }
  });

  test('of pixels that are not square tell their shape', async () => {
    const file = await media.make('wide.mp4', '-i', base, '-an', ...h264, '-vf', 'setsar=16/11');
    const { info, pixelAspect } = await ingest.probe(file);
    expect(info).toMatchObject({ width: 320, height: 240 });
    expect(pixelAspect).toBeCloseTo(16 / 11);
  });

  test('give rows whose padding is told, for every width', async () => {
    for (const width of [61, 62, 63, 64]) {
      const source = ingest.frames(base, { width, height: 47 });
      for await (const frame of source) {
        expect(frame.stride).toBe(64);
        expect(frame.pixels).toHaveLength(3 * 64 * 47);
        break;
      }
      ingest.close();
    }
  });

  test('of several video streams give the first, and never a still', async () => {
    const still = await media.make('cover.jpg', ...media.pattern('64x64', 1, 1), '-frames:v', '1');
    const second = ['-f', 'lavfi', '-i', 'testsrc=s=160x120:d=1'];
    const two = await media.make('two.mp4', '-i', base, ...second, '-map', '0:v', '-map', '1', '-map', '0:a', ...h264);
    const covered = await media.make('covered.mp4', '-i', still, '-i', base, '-map', '0', '-map', '1', '-c', 'copy');
    for (const file of [two, covered]) {
      const { info } = await ingest.probe(file);
      expect(info).toMatchObject({ codec: 'h264', width: 320, height: 240, frames: 60 });
      expect(await times(ingest.frames(file))).toHaveLength(60);
    }
  });

  test('lose no frame to a slow consumer, and wait for it', async () => {
    const source = ingest.frames(base);
    const indexes: number[] = [];
    for await (const frame of source) {
      // A busy thread, as an inference is one.
      for (const until = performance.now() + 5; performance.now() < until;);
      indexes.push(frame.index);
    }
    expect(indexes).toEqual(Array.from({ length: 60 }, (_, index) => index));
    expect(source.brokenBy).toBeNull();
    expect(source.endS).toBeCloseTo(2, 2);
  });

  test('of any path are opened as that path', async () => {
    const file = await media.make(`it's ! fakesink "$(x)" ünïcode.mp4`, '-i', base, '-c', 'copy');
    expect((await ingest.probe(file)).info.frames).toBe(60);
  });
});
