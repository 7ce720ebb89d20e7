// MP4 files of packets that no encoder would make so: what ffprobe reads out of them is what was put in.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Disk } from '../../../appliance/worker/disk.ts';
import { type Mp4Input, layMp4 } from '../../../appliance/worker/movie/mp4.ts';
import { PacketFile } from '../../../appliance/worker/movie/packet-file.ts';
import { Samples, type Track } from '../../../appliance/worker/movie/samples.ts';
import { writeMovie } from '../../../appliance/worker/movie/write-movie.ts';
import { noFfmpeg } from '../../support/worker-media.ts';
import { boxesOf, streamOf, table } from '../annotate/work.ts';

const pictures = {
  name: 'video/x-h264',
  'stream-format': 'avc',
  codec_data: '0142c00affe100046742c00a01000268ce',
  width: '160',
  height: '96',
  'pixel-aspect-ratio': '4/3',
};
const sound = {
  name: 'audio/mpeg',
  mpegversion: '4',
  'stream-format': 'raw',
  codec_data: '1210',
  rate: '44100',
  channels: '2',
};
const { signal } = new AbortController();

class Gathered {
  readonly #folder: string;
  readonly #disk = new Disk({ signal, onHeld: () => undefined });

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Gathered> {
    const folder = await mkdtemp(join(tmpdir(), 'vedette-movie-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return new Gathered(folder);
  }

  /** Times in ms, in the order of decoding; each packet has a byte more than the one before it, the first one ten. */
  async write(rotation: Mp4Input['rotation'], video: readonly number[], audio: readonly number[]) {
    const files = [await this.#fill('video', video), await this.#fill('audio', audio)] as const;
    const tracks = { video: trackOf(pictures, files[0].samples), audio: trackOf(sound, files[1].samples) };
    const laid = layMp4({ ...tracks, rotation, order: 'by time' });
    if (!laid) throw new Error('no MP4');
    const path = join(this.#folder, 'made.mp4');
    const packets = files.map(({ file }) => file.handle);
    const bytes = await writeMovie({ path, laid, packets, disk: this.#disk, passage: () => null, signal });
    for (const { file } of files) await file.close();
    return { path, bytes, laid };
  }

  async #fill(name: string, timesMs: readonly number[]) {
    const file = await PacketFile.open(join(this.#folder, name), this.#disk);
    const samples = new Samples();
    for (const [at, ms] of timesMs.entries()) {
      samples.add({ offset: file.end, size: 10 + at, atNs: ms * 1e6, key: at === 0 || name === 'audio' });
      // One NAL unit: ffprobe looks whether it is a key frame's.
      await file.append(
        Uint8Array.from([0, 0, 0, 6 + at, at === 0 ? 0x65 : 0x41, ...Array<number>(5 + at).fill(0x88)]),
      );
    }
    await file.flush();
    return { file, samples };
  }
}

function trackOf(caps: Track['caps'], samples: Samples): Track {
  return { caps, samples, first: new Uint8Array(), lastNs: 40e6 };
}

describe.skipIf(noFfmpeg !== null)(`an MP4${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  test('has its packets in their order and at their times, its index in front, and tracks by turns', async () => {
    const gathered = await Gathered.open();
    // Out of order, and later than the sound.
    const video = [1000, 1160, 1080, 1040, 1120, 1320, 1240, 1700];
    const audio = Array.from({ length: 80 }, (_, at) => (at * 1024e3) / 44_100);
    const { path, laid } = await gathered.write(0, video, audio);
    expect(await boxesOf(path)).toEqual(['ftyp', 'moov', 'mdat']);
    const [seen, heard] = [
      await table(path, 'v:0', 'packet=pts_time,size,flags'),
      await table(path, 'a:0', 'packet=pts_time,size'),
    ];
    expect(seen.map(([, size]) => Number(size))).toEqual(video.map((_, at) => 10 + at));
    for (const [at, [time]] of seen.entries()) expect(Number(time)).toBeCloseTo((video[at] ?? 0) / 1e3, 3);
    expect(seen.map(([, , flags]) => flags?.startsWith('K'))).toEqual(video.map((_, at) => at === 0));
    expect(heard.map(([, size]) => Number(size))).toEqual(audio.map((_, at) => 10 + at));
    for (const [at, [time]] of heard.entries()) expect(Number(time)).toBeCloseTo((audio[at] ?? 0) / 1e3, 5);
    expect(laid.runs.map(({ track }) => track)).toEqual([1, 0, 1, 0, 1]);
  });

  test('does not play what lies before its beginning', async () => {
    const gathered = await Gathered.open();
    const audio = Array.from({ length: 20 }, (_, at) => ((at - 1) * 1024e3) / 44_100);
    const { path } = await gathered.write(0, [0, 40, 80], audio);
    const heard = await table(path, 'a:0', 'packet=pts_time,flags');
    expect(Number(heard[1]?.[0])).toBeCloseTo(0, 5);
    expect(heard[0]?.[1]).toContain('D');
  });

  test.each([0, 90, 180, 270] as const)('is shown turned by %i degrees and in its aspect', async (rotation) => {
    const gathered = await Gathered.open();
    const { path, bytes } = await gathered.write(rotation, [0, 40, 80], [0, 23]);
    expect(bytes).toBeGreaterThan(0);
    const video = await streamOf(path, 'v:0');
    expect(video).toMatchObject({ width: 160, height: 96, sample_aspect_ratio: '4:3' });
    const [turned] = (video?.['side_data_list'] ?? []) as unknown as { rotation: number }[];
    expect((360 - (turned?.rotation ?? 0)) % 360).toBe(rotation);
  });

  test('places its packets beyond 4 GB, too', () => {
    const samples = new Samples();
    for (let at = 0; at < 6; at++) samples.add({ offset: at * 1e9, size: 1e9, atNs: at * 40e6, key: true });
    const laid = layMp4({ video: trackOf(pictures, samples), audio: null, rotation: 0, order: 'by time' });
    const at = laid?.head.indexOf('co64') ?? 0;
    const last = Number(laid?.head.readBigUInt64BE(at + 12 + 8 * 5));
    expect(last).toBe((laid?.head.length ?? 0) + 5e9);
    expect(
      layMp4({ video: trackOf({ name: 'video/x-vp8' }, samples), audio: null, rotation: 0, order: 'by time' }),
    ).toBeNull();
  });
});
