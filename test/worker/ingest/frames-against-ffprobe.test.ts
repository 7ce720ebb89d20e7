// Every frame of a file, by index and time, against ffprobe's own table of what the file shows.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shortfall } from '../../../appliance/worker/shortfall.ts';
import { MediaFolder, noFfmpeg, packetCount } from '../../support/worker-media.ts';
import { Ingest, times } from './opened.ts';

const run = promisify(execFile);

const h264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '12'];
const h265 = [
  '-pix_fmt',
  'yuv420p',
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=error:bframes=3',
];
const fields = ['-flags', '+ilme+ildct', '-x264-params', 'tff=1'];
const sound = ['-f', 'lavfi', '-i', 'sine=d=3'];
const uneven = ['-vf', "select='lt(n,12)+not(mod(n,5))'", '-vsync', 'vfr'];

interface Stored {
  /** Frames that are shown, and packets where that is another number. */
  readonly frames: number;
  /** ffmpeg's arguments, around the film. */
  readonly before?: readonly string[];
  readonly args: readonly string[];
  readonly rotation?: number;
  readonly pixelAspect?: number;
}

/** A film of 50 frames, 25 a second, stored in every way that has been seen to move a frame or its time. */
const ways: Readonly<Record<string, Stored>> = {
  'b-frames.mp4': { frames: 50, args: ['-c', 'copy'] },
  'fragmented.mp4': { frames: 50, args: ['-c', 'copy', '-movflags', 'frag_keyframe+empty_moov'] },
  // Times of showing below those of decoding, in place of an edit list.
  'negative.mp4': { frames: 50, args: ['-c', 'copy', '-movflags', 'negative_cts_offsets', '-use_editlist', '0'] },
  'open-gop.mp4': { frames: 50, args: [...h264, '-x264-params', 'open-gop=1:keyint=12:bframes=3'] },
  'hevc.mp4': { frames: 50, args: h265 },
  'hidden.webm': {
    frames: 50,
    args: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '10'],
  },
  'variable.mp4': { frames: 19, args: [...h264, ...uneven] },
  'variable.mkv': { frames: 19, args: [...h264, ...uneven] },
  'turned-90.mp4': { frames: 50, args: ['-c', 'copy', '-metadata:s:v', 'rotate=270'], rotation: 90 },
  'turned-180.mp4': { frames: 50, args: ['-c', 'copy', '-metadata:s:v', 'rotate=180'], rotation: 180 },
  'turned-270.mov': { frames: 50, args: ['-c', 'copy', '-metadata:s:v', 'rotate=90'], rotation: 270 },
  'anamorphic.mp4': { frames: 50, args: [...h264, '-vf', 'setsar=4/3'], pixelAspect: 4 / 3 },
  'anamorphic.mkv': { frames: 50, args: [...h264, '-vf', 'setsar=4/3'], pixelAspect: 4 / 3 },
  // H.264 with macroblock-adaptive field coding, and MPEG-2: one frame a coded frame, its two fields as they are woven.
  'fields.mp4': { frames: 50, args: [...h264, ...fields] },
  'fields.mkv': { frames: 25, args: [...h264, '-vf', 'tinterlace=interleave_top', ...fields] },
  'fields-mpeg2.ts': { frames: 50, args: ['-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-b:v', '2M'] },
  'fields-mpeg2.mpg': { frames: 50, args: ['-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-b:v', '2M'] },
  // The edit list says that nothing is shown at first.
  'late.mp4': { frames: 50, before: ['-itsoffset', '1.5'], args: ['-c', 'copy'] },
  'late-behind-sound.mp4': {
    frames: 50,
    before: [...sound, '-itsoffset', '0.5'],
    args: ['-c:v', 'copy', '-c:a', 'aac', '-map', '1:v', '-map', '0:a'],
  },
  // The container's own clock begins anywhere.
  'day.mkv': { frames: 50, args: ['-c', 'copy', '-output_ts_offset', '3600'] },
  'copy-from-the-middle.mkv': { frames: 38, before: ['-ss', '0.7'], args: ['-c', 'copy'] },
};

/** Of their packets, those that begin with codec headers are not counted: see the test that is expected to fail. */
const streams: Readonly<Record<string, Stored>> = {
  'day.ts': { frames: 50, args: ['-c', 'copy', '-output_ts_offset', '3600'] },
  'hevc.ts': { frames: 50, args: h265 },
  'fields.ts': { frames: 25, args: [...h264, '-vf', 'tinterlace=interleave_top', ...fields] },
  'late-behind-sound.ts': {
    frames: 50,
    before: [...sound, '-itsoffset', '0.5'],
    args: ['-c:v', 'copy', '-c:a', 'aac', '-map', '1:v', '-map', '0:a'],
  },
};

describe.skipIf(noFfmpeg !== null)(`frames against ffprobe${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let film: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    film = await media.make('film.mp4', ...media.pattern('320x240', 25, 2), ...h264);
  });
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  function make(name: string, { before = [], args }: Stored): Promise<string> {
    return media.make(name, ...before, '-i', film, ...args);
  }

  /** One time after the other, as ffprobe tells them, counted from where a player begins. */
  async function table(file: string): Promise<number[]> {
    // An MP4's own clock begins at 0 by definition, whatever its first frame; others begin with their first stream.
    const start = /\.(mp4|mov)$/.test(file) ? 0 : Number((await ffprobe(file, 'format=start_time'))[0]);
    const shown = await ffprobe(file, 'frame=best_effort_timestamp_time');
    return shown.map((time) => Number(time) - start);
  }

  async function agrees(name: string, stored: Stored) {
    const file = await make(name, stored);
    const { info, pixelAspect } = await ingest.probe(file);
    const source = ingest.frames(file);
    const seen = await times(source);
    const shown = await table(file);
    expect(shown).toHaveLength(stored.frames);
    expect(seen).toHaveLength(stored.frames);
    for (const [index, time] of seen.entries()) expect(time, `frame ${index}`).toBeCloseTo(shown[index] ?? NaN, 2.8);
    expect(source.brokenBy).toBeNull();
    expect(info.rotation).toBe(stored.rotation ?? 0);
    expect(pixelAspect).toBeCloseTo(stored.pixelAspect ?? 1, 2);
    const decoded = { frames: source.framesRead, endS: source.endS, brokenBy: null };
    expect(shortfall(info, decoded)).toEqual([]);
    return { file, info };
  }

  test.each(Object.keys(ways))('%s: every frame, its time, and their count', async (name) => {
    const { file, info } = await agrees(name, ways[name] as Stored);
    expect(info.frames).toBe(await packetCount(file));
  });

  test.each(Object.keys(streams))('%s: every frame and its time', async (name) => {
    await agrees(name, streams[name] as Stored);
  });

  // The parser marks a key frame with parameter sets as a header, and the count leaves headers out: 45 of 50.
  test('day.ts: the count of its packets', async () => {
    const file = await make('day.ts', streams['day.ts'] as Stored);
    const { info } = await ingest.probe(file);
    expect(info.frames).toBe(await packetCount(file));
  });

  test('AVI, which stores no times, gives a frame every 1/25 s, and tells that rate', async () => {
    for (const args of [
      ['-c', 'copy'],
      ['-c:v', 'mjpeg'],
      ['-c:v', 'mpeg4', '-bf', '0'],
    ]) {
      const file = await make('film.avi', { frames: 50, args });
      const { info } = await ingest.probe(file);
      const seen = await times(ingest.frames(file));
      expect(info).toMatchObject({ frames: 50, fps: 25 });
      expect(seen.map((time) => Math.round(time * 1000))).toEqual(Array.from({ length: 50 }, (_, at) => at * 40));
    }
  });

  test('an edit list that cuts a frame in two shows the rest of it first', async () => {
    const file = await make('cut.mp4', { frames: 32, before: ['-ss', '0.7'], args: ['-c', 'copy'] });
    const seen = await times(ingest.frames(file));
    // ffprobe moves the cut to the next frame; the list itself says 0.7 s, the middle of frame 17.
    expect(seen.slice(0, 4).map((time) => Math.round(time * 1000))).toEqual([0, 20, 60, 100]);
    expect(Math.abs(seen.length - (await table(file)).length)).toBeLessThanOrEqual(1);
  });
});

async function ffprobe(file: string, entries: string): Promise<string[]> {
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'csv=p=0', file];
  const { stdout } = await run('ffprobe', args, { maxBuffer: 64 * 2 ** 20 });
  return stdout
    .split('\n')
    .map((line) => line.replace(/,.*$/, '').trim())
    .filter((line) => line !== '');
}
