// Clips of every kind of video that the tests can make: the packets of the source, whole, from a key frame on, from time 0.
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clipFiles } from '../../../appliance/contract/products.ts';
import { MediaFolder, noFfmpeg, shownTimes } from '../../support/worker-media.ts';
import { Ingest } from '../ingest/opened.ts';
import { Cutting, decodeWhole, firstLight, firstSound, moment, packets, pictureHashes } from './cutting.ts';

describe.skipIf(noFfmpeg !== null)(`cutting${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let cutting: Cutting;
  let made = 0;
  beforeAll(async () => {
    media = await MediaFolder.open();
    cutting = new Cutting();
  });
  afterAll(async () => {
    cutting.close();
    await media.close();
  });
  const folder = () => {
    const path = media.file(`clips-${++made}`);
    mkdirSync(path);
    return path;
  };
  const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
  const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '40', '-bf', '3', '-pix_fmt', 'yuv420p'];

  test.each([
    ['H.264 and AAC in MP4', 'a.mp4', 'mp4', 'mp4', [...h264, '-c:a', 'aac']],
    ['H.264 and AAC in Matroska', 'a.mkv', 'matroska', 'mp4', [...h264, '-c:a', 'aac']],
    [
      'H.265 and AC-3 in MP4',
      'b.mp4',
      'mp4',
      'mp4',
      ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=30', '-c:a', 'ac3'],
    ],
    [
      'VP9 and Opus in Matroska',
      'c.mkv',
      'matroska',
      'mp4',
      ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-g', '30', '-c:a', 'libopus'],
    ],
    [
      'VP8 and Vorbis in WebM',
      'd.webm',
      'webm',
      'mkv',
      ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '30', '-c:a', 'libvorbis'],
    ],
    ['MPEG-4 and MP3 in AVI', 'e.avi', 'avi', 'mp4', ['-c:v', 'mpeg4', '-g', '25', '-c:a', 'libmp3lame']],
    ['motion JPEG in AVI', 'f.avi', 'avi', 'mkv', ['-c:v', 'mjpeg', '-an']],
  ])('%s: the same packets in the same order, from a key frame on', async (_name, file, container, ending, codecs) => {
    const source = await media.make(file, ...media.pattern('128x96', 25, 6), ...tone(6), ...codecs);
    const out = folder();
    const { clips, failed } = await cutting.cut(source, container, out, [moment(2.5, 5)]);
    const [clip] = clips;
    if (!clip) throw new Error('no clip');
    expect(failed).toBe(0);
    const path = join(out, clipFiles(clip).video);
    expect(readdirSync(out)).toEqual([`clip-0001.${ending}`]);
    expect(readFileSync(path)).toHaveLength(clip.bytes);
    await decodeWhole(path);
    const [of, from] = [await packets(path, 'v:0'), await packets(source, 'v:0')];
    const begin = from.findIndex(({ hash }) => hash === of[0]?.hash);
    expect(from[begin]?.key && of[0]?.key, 'begins with a key frame').toBe(true);
    const hashes = (list: typeof of) => list.map(({ hash }) => hash);
    // What is shown before the key frame, though it comes behind it, is made of frames that the clip does not have.
    const keyS = from[begin]?.atS ?? null;
    const wanted = from.slice(begin).filter(({ atS }) => atS === null || keyS === null || atS >= keyS);
    expect(hashes(of)).toEqual(hashes(wanted.slice(0, of.length)));
    expect(of.map(({ key }) => key)).toEqual(wanted.slice(0, of.length).map(({ key }) => key));
    // Within a frame: Matroska counts in milliseconds, and some demuxers have the first frame a little later.
    const shown = await shownTimes(path);
    expect(Math.abs(shown.length - (clip.to_s - clip.from_s) * 25)).toBeLessThanOrEqual(1);
    for (const [at, atS] of shown.entries()) expect(Math.abs(atS - at / 25)).toBeLessThanOrEqual(0.041);
    expect(clip.from_s).toBeLessThanOrEqual(2.5);
    expect(clip.to_s).toBeGreaterThanOrEqual(5);
    expect(clip.to_s).toBeLessThan(5.3);
    const sound = await packets(path, 'a:0');
    if (codecs.includes('-an')) {
      expect(sound).toEqual([]);
      return;
    }
    const all = await packets(source, 'a:0');
    const soundBegin = all.findIndex(({ hash }) => hash === sound[5]?.hash) - 5;
    expect(hashes(sound).slice(5)).toEqual(hashes(all.slice(soundBegin + 5, soundBegin + sound.length)));
    expect((sound.at(-1)?.atS ?? 0) + 0.1).toBeGreaterThan(clip.to_s - clip.from_s);
  });

  test('sound and picture stay together', async () => {
    // White for a moment at each whole second, and the only sound is then.
    const light = "color=black:s=64x48:r=25:d=7,geq=lum='if(lt(mod(T,1),0.2),235,16)':cb=128:cr=128";
    const click = "aevalsrc='if(lt(mod(t,1),0.2),0.5*sin(6283*t),0)':d=7:s=48000";
    const inputs = ['-f', 'lavfi', '-i', light, '-f', 'lavfi', '-i', click];
    const source = await media.make('together.mkv', ...inputs, ...h264, '-c:a', 'aac');
    const out = folder();
    const { clips } = await cutting.cut(source, 'matroska', out, [moment(3.7, 6)]);
    const [lit, loud] = await Promise.all([
      firstLight(join(out, 'clip-0001.mp4')),
      firstSound(join(out, 'clip-0001.mp4')),
    ]);
    const from = clips[0]?.from_s ?? 0;
    expect(lit).toBeCloseTo(Math.ceil(from) - from, 1);
    expect(Math.abs(loud - lit)).toBeLessThan(0.05);
  });

  test('a clip ends where no picture is missing, also where frames are decoded out of order', async () => {
    const source = await media.make(
      'order.mp4',
      ...media.pattern('160x120', 25, 6),
      ...h264,
      '-x264-params',
      'b-pyramid=normal:bframes=5:b-adapt=0',
    );
    const all = await pictureHashes(source);
    for (const toS of [3, 3.04, 3.12]) {
      const out = folder();
      const { clips } = await cutting.cut(source, 'mp4', out, [moment(2, toS)]);
      const pictures = await pictureHashes(join(out, 'clip-0001.mp4'));
      const first = Math.round((clips[0]?.from_s ?? 0) * 25);
      expect(pictures).toEqual(all.slice(first, first + pictures.length));
      expect(first / 25 + pictures.length / 25).toBeGreaterThanOrEqual(toS);
    }
  });

  test('frame times of a variable rate stay what they are', async () => {
    const vary = ['-vf', "select='lt(mod(n\\,7)\\,4)'", '-fps_mode', 'vfr'];
    const source = await media.make('vfr.mp4', ...media.pattern('160x120', 30, 6), ...vary, ...h264);
    const out = folder();
    const { clips } = await cutting.cut(source, 'mp4', out, [moment(2.2, 4)]);
    const from = clips[0]?.from_s ?? 0;
    const wanted = (await shownTimes(source)).filter((atS) => atS >= from - 0.001);
    const shown = await shownTimes(join(out, 'clip-0001.mp4'));
    expect(shown.length).toBeGreaterThan(20);
    for (const [at, atS] of shown.entries()) expect(atS).toBeCloseTo((wanted[at] ?? -1) - from, 3);
  });

  test('many clips that overlap are cut side by side, the index in front and the turning kept', async () => {
    const plain = await media.make('long.mp4', ...media.pattern('128x96', 25, 14), ...tone(14), ...h264, '-c:a', 'aac');
    const source = await media.make('turned.mp4', '-i', plain, '-c', 'copy', '-metadata:s:v:0', 'rotate=90');
    const out = folder();
    const moments = Array.from({ length: 10 }, (_, at) => moment(at / 4, at / 4 + 9));
    const seen: number[] = [];
    const { clips } = await cutting.cut(source, 'mp4', out, moments, {
      rotation: 90,
      onShare: (share) => seen.push(share),
    });
    expect(clips.map(({ number }) => number)).toEqual(moments.map((_, at) => at + 1));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeGreaterThan(0.95);
    for (const clip of clips) {
      expect(clip.from_s).toBeLessThanOrEqual(clip.moment.fromS);
      expect(clip.moment.fromS - clip.from_s).toBeLessThan(1.6);
      expect(clip.to_s).toBeGreaterThanOrEqual(clip.moment.toS);
      expect(clip.to_s - clip.moment.toS).toBeLessThan(0.3);
    }
    const bytes = readFileSync(join(out, 'clip-0007.mp4'));
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    expect(await pictureHashes(join(out, 'clip-0007.mp4'))).toHaveLength(
      Math.round(((clips[6]?.to_s ?? 0) - (clips[6]?.from_s ?? 0)) * 25),
    );
    const ingest = new Ingest();
    const { info } = await ingest.probe(join(out, 'clip-0007.mp4'));
    ingest.close();
    expect(info).toMatchObject({ rotation: 90, width: 96, height: 128 });
  });

  test('a sound that no clip can hold is left out, and told of', async () => {
    const source = await media.make('pcm.mkv', ...media.pattern('64x48', 25, 3), ...tone(3), ...h264, '-c:a', 'flac');
    const out = folder();
    expect(await cutting.cut(source, 'matroska', out, [moment(1, 2)])).toMatchObject({ silenced: 1, failed: 0 });
    await decodeWhole(join(out, 'clip-0001.mp4'));
    expect(await packets(join(out, 'clip-0001.mp4'), 'a:0')).toEqual([]);
  });

  test('what cannot be cut is left out: frames without a time, no packets, a file that breaks off', async () => {
    const reordered = await media.make('bad.avi', ...media.pattern('160x120', 25, 4), '-c:v', 'mpeg4', '-bf', '2');
    const raw = await media.make('raw.avi', ...media.pattern('64x48', 25, 2), '-c:v', 'rawvideo');
    for (const path of [reordered, raw]) {
      const out = folder();
      expect(await cutting.cut(path, 'avi', out, [moment(1, 2)])).toMatchObject({ clips: [], failed: 1 });
      expect(readdirSync(out)).toEqual([]);
    }
    const fast = ['-movflags', '+faststart', '-b:v', '400k'];
    const cutOff = await media.make('cut-off.mp4', ...media.pattern('320x240', 25, 12), ...h264, ...fast);
    truncateSync(cutOff, Math.floor(readFileSync(cutOff).length / 2));
    const out = folder();
    const { clips, failed } = await cutting.cut(cutOff, 'mp4', out, [moment(1, 2), moment(10.5, 11)]);
    expect([clips.map(({ number }) => number), failed]).toEqual([[1], 1]);
    await decodeWhole(join(out, 'clip-0001.mp4'));
    const nonsense = media.file('nonsense.mp4');
    writeFileSync(nonsense, 'no video at all');
    expect(await cutting.cut(nonsense, 'mp4', folder(), [moment(1, 2)])).toMatchObject({ clips: [], failed: 1 });
  });
});
