// Annotated videos of sources of every kind: what they are, which frames they show and when, and how they sound.
import { copyFile, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobFiles } from '../../../appliance/contract/frame.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { boxesOf, folder, Host, linesIn, pixelsOf, shownAt, streamOf, table } from './work.ts';

const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '12'];
const sound = ['-f', 'lavfi', '-i', 'sine=d=2:f=440'];
const odd = ['-vf', 'scale=162:98,format=yuv444p,crop=161:97:exact=1,setsar=1', '-pix_fmt', 'yuv420p'];
const uneven = ['-vf', "select='lt(n,12)+not(mod(n,5))'", '-vsync', 'vfr'];

interface Stored {
  /** ffmpeg's arguments, before the picture of 50 frames and behind it. */
  readonly before?: readonly string[];
  readonly args: readonly string[];
  readonly shown?: { readonly width: number; readonly height: number; readonly aspect?: string };
  /** Taken over as it is, made AAC, or not there. */
  readonly sound?: 'same' | 'new';
  readonly turned?: boolean;
}

const sources: Readonly<Record<string, Stored>> = {
  'b-frames.mp4': { before: sound, args: [...h264, '-c:a', 'aac'], sound: 'same' },
  'variable.mkv': { before: sound, args: [...h264, ...uneven, '-c:a', 'libopus'], sound: 'new' },
  'late.mp4': { before: [...sound, '-itsoffset', '1.5'], args: [...h264, '-c:a', 'aac'], sound: 'same' },
  'sound-is-late.mp4': { before: ['-itsoffset', '0.5', ...sound], args: [...h264, '-c:a', 'aac'], sound: 'same' },
  'turned.mp4': { args: h264, turned: true, shown: { width: 96, height: 160 } },
  'anamorphic.mp4': { args: [...h264, '-vf', 'setsar=4/3'], shown: { width: 160, height: 96, aspect: '4:3' } },
  'odd.webm': {
    before: sound,
    args: [...odd, '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libvorbis'],
    shown: { width: 162, height: 98 },
    sound: 'new',
  },
  'ten-bits.mkv': { args: ['-pix_fmt', 'yuv422p10le', '-c:v', 'libx264', '-preset', 'ultrafast'] },
  'stream.ts': { before: sound, args: [...h264, '-c:a', 'mp2'], sound: 'new' },
  'full-range.avi': { args: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'] },
  'pcm.avi': { before: sound, args: ['-c:v', 'mpeg4', '-c:a', 'pcm_s16le'], sound: 'new' },
};

describe.skipIf(noFfmpeg !== null)(`annotated videos${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let host: Host;
  beforeAll(async () => {
    media = await MediaFolder.open();
    host = await Host.open(media);
  });
  afterAll(async () => {
    host.close();
    await media.close();
  });

  async function make(name: string, { before = [], args, turned = false }: Stored): Promise<string> {
    const maps = before.length > 0 ? ['-map', '1:v', '-map', '0:a'] : [];
    const file = await media.make(name, ...before, ...media.pattern('160x96', 25, 2), ...maps, ...args);
    return turned ? media.make(`copy-${name}`, '-i', file, '-c', 'copy', '-metadata:s:v', 'rotate=90') : file;
  }

  test.each(Object.keys(sources))('%s becomes an MP4 that plays everywhere, frame by frame in time', async (name) => {
    const stored = sources[name] as Stored;
    const input = await make(name, stored);
    const { done, directory, annotated, again } = await host.work(input);
    const lines = await linesIn(directory);
    const { width, height, aspect = '1:1' } = stored.shown ?? { width: 160, height: 96 };
    expect(again).toBe(false);
    expect(done.warnings).toEqual([]);
    expect(done.products).toEqual({
      annotated_bytes: (await readFile(annotated)).length,
      ...{ clips: [], deliveries: [] },
    });
    expect(await boxesOf(annotated)).toEqual(['ftyp', 'moov', 'mdat']);
    const video = await streamOf(annotated, 'v:0');
    expect(video).toMatchObject({ codec_name: 'h264', profile: 'High', pix_fmt: 'yuv420p', width, height });
    expect([video?.['sample_aspect_ratio'], video?.['side_data_list']]).toEqual([aspect, undefined]);
    const shown = await shownAt(annotated);
    expect(shown).toHaveLength(lines.length);
    for (const [at, { pts_s }] of lines.entries()) expect(shown[at], `frame ${at}`).toBeCloseTo(pts_s, 3);
    // The last frame is shown for as long as its source shows it.
    const end = Number(video?.['start_time']) + Number(video?.['duration']);
    expect(end - (lines.at(-1)?.pts_s ?? 0)).toBeGreaterThan(0.02);
    await soundsAlike(input, annotated, stored.sound);
  });

  async function soundsAlike(input: string, annotated: string, how: Stored['sound']) {
    const heard = await streamOf(annotated, 'a:0');
    if (!how) return expect(heard).toBeNull();
    expect(heard).toMatchObject({ codec_name: 'aac' });
    const packets = (file: string) => table(file, 'a:0', 'packet=pts_time,size');
    const [before, after] = [await packets(input), await packets(annotated)];
    if (how === 'same') {
      // The last packet may lie behind the end that the edit list names.
      expect(before.length - after.length).toBeLessThanOrEqual(1);
      expect(after.map(([, size]) => size)).toEqual(before.slice(0, after.length).map(([, size]) => size));
      for (const [at, [time]] of after.entries()) expect(Number(time)).toBeCloseTo(Number(before[at]?.[0]), 2);
    }
    // MPEG-TS begins its clock anywhere.
    const length = (times: string[][]) => Number(times.at(-1)?.[0]) - Number(times[0]?.[0]);
    expect(Math.abs(length(after) - length(before))).toBeLessThan(0.06);
  }

  test('boxes lie where the detections are, and nothing else is changed', async () => {
    const input = await media.make('grey.mp4', '-f', 'lavfi', '-i', 'color=#606060:s=128x64:r=25:d=0.4', ...h264);
    const { directory, annotated } = await host.work(input);
    const [first] = await linesIn(directory);
    const [x1, y1, x2, y2] = (first?.detections.xyxy[0] ?? []).map(Math.round) as [number, number, number, number];
    const pixels = await pixelsOf(annotated, 5);
    const at = (x: number, y: number) => [...pixels.subarray((y * 128 + x) * 3, (y * 128 + x) * 3 + 3)];
    const middle = (y1 + y2) >> 1;
    // Red, green and blue look alike to the model; of one colour there is an amber box: hsl(38 88% 62%).
    for (const [x, y] of [
      [x1, middle],
      [x2 - 1, middle],
      [(x1 + x2) >> 1, y2 - 1],
    ] as const) {
      const [red = 0, green = 0, blue = 0] = at(x, y);
      expect(Math.max(red, green, blue) - Math.min(red, green, blue), `${x}, ${y}`).toBeGreaterThan(20);
    }
    for (const [x, y] of [
      [x1 - 4, middle],
      [x2 + 4, middle],
      [(x1 + x2) >> 1, middle],
      [4, 60],
    ] as const) {
      for (const part of at(x, y)) expect(Math.abs(part - 0x60), `${x}, ${y}`).toBeLessThan(12);
    }
  });

  test('colours of the full range stay what they are', async () => {
    const colour = ['-f', 'lavfi', '-i', 'color=#c04020:s=128x64:r=25:d=0.2'];
    const input = await media.make('full.avi', ...colour, '-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj420p');
    const { annotated } = await host.work(input);
    const pixels = await pixelsOf(annotated, 2);
    for (const [at, part] of [0xc0, 0x40, 0x20].entries()) {
      expect(Math.abs((pixels[(60 * 128 + 4) * 3 + at] ?? 0) - part)).toBeLessThan(6);
    }
  });

  test('what is found does not depend on whether it is drawn', async () => {
    const input = await make('alike.mp4', { args: h264, turned: true });
    const [drawn, plain] = [await host.work(input), await host.work(input, { annotated: false })];
    const lines = (directory: string) => readFile(join(directory, jobFiles.frames), 'utf8');
    expect(await lines(drawn.directory)).toBe(await lines(plain.directory));
    expect(plain.done.products).toBeUndefined();
    expect(await readdir(drawn.directory)).not.toContain('annotated.pictures');
  });

  test('a single frame is shown for its time', async () => {
    const input = await media.make('one.mp4', ...media.pattern('160x96', 25, 0.04), ...h264);
    const { annotated } = await host.work(input);
    expect(await shownAt(annotated)).toEqual([0]);
    expect(Number((await streamOf(annotated, 'v:0'))?.['duration'])).toBeCloseTo(0.04, 2);
  });

  test('a source that is cut off is annotated as far as it goes', async () => {
    const whole = await make('whole.mp4', { before: sound, args: [...h264, '-c:a', 'aac', '-movflags', '+faststart'] });
    const input = join(await folder(), 'cut.mp4');
    await copyFile(whole, input);
    await truncate(input, Math.floor((await readFile(whole)).length * 0.6));
    const { done, annotated } = await host.work(input);
    expect(done.warnings).toEqual([expect.stringMatching(/source ends at|could not be decoded|decoding stopped/)]);
    expect(await shownAt(annotated)).toHaveLength(done.frames);
  });
});
