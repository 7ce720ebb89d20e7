// What a worker shows of its frames while somebody looks, and the one picture that it keeps.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { objectsIn } from '../../appliance/contract/found.ts';
import { DetectionFrame, jobFiles } from '../../appliance/contract/frame.ts';
import type { FromWorker } from '../../appliance/contract/ipc.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { ForkedWorker } from './forked.ts';
import { colourModel } from './onnx-file.ts';

type Preview = Extract<FromWorker, { type: 'preview' }>;

const run = promisify(execFile);

describe.skipIf(noFfmpeg !== null)(`the pictures of a worker${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let worker: ForkedWorker;
  let model: string;
  let red: string;
  let jobs = 0;
  beforeAll(async () => {
    media = await MediaFolder.open();
    model = media.file('colours.onnx');
    await writeFile(model, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    red = await media.make('red.mp4', '-f', 'lavfi', '-i', 'color=red:s=128x64:r=25:d=120', '-c:v', 'libx264');
  });
  afterAll(() => media.close());
  beforeEach(async () => {
    worker = new ForkedWorker();
    worker.prepare(model);
    await worker.heard('ready');
  });
  afterEach(() => worker.close());

  async function begin(clip: string, confidence = 0.5): Promise<string> {
    const directory = media.file(`job-${String(++jobs)}`);
    await mkdir(directory);
    worker.start(clip, directory, { confidence });
    return directory;
  }

  const previews = (): Preview[] => worker.messages.filter((message) => message.type === 'preview');

  /** Its size and its grey pixels, by a decoder that is not ours. */
  async function decoded(jpeg: Buffer): Promise<{ width: number; height: number; luma: Buffer }> {
    const path = media.file('shown.jpg');
    await writeFile(path, jpeg);
    const sizes = ['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'csv=p=0', path];
    const [codec, width, height] = (await run('ffprobe', sizes)).stdout.trim().split(',');
    expect(codec).toBe('mjpeg');
    const raw = ['-v', 'error', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
    const { stdout } = await run('ffmpeg', raw, { encoding: 'buffer', maxBuffer: 1 << 24 });
    return { width: Number(width), height: Number(height), luma: stdout };
  }

  test('shows the objects of the very frame that its artifact has them of', async () => {
    worker.send({ type: 'look', on: true });
    const directory = await begin(red);
    await worker.heard('done');
    const text = await readFile(`${directory}/${jobFiles.frames}`, 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(previews().length).toBeGreaterThan(1);
    for (const { sight } of previews()) {
      const line = DetectionFrame.parse(JSON.parse(lines[sight.frame_index] ?? ''));
      expect(sight.pts_s).toBe(line.pts_s);
      const [found] = objectsIn(line);
      expect(sight.objects).toEqual([
        { box: found?.box, class: 'red', class_id: 0, confidence: found?.confidence, track_id: null },
      ]);
      expect(sight.classes).toEqual({ red: sight.frame_index + 1 });
    }
  });

  test('shows the picture of that frame, and no other', async () => {
    const step = 37;
    const grey = `nullsrc=s=128x64:r=25:d=60,geq=lum='16+mod(N*${String(step)},219)':cb=128:cr=128`;
    const clip = await media.make('steps.mp4', '-f', 'lavfi', '-i', grey, '-c:v', 'libx264', '-qp', '4');
    worker.send({ type: 'look', on: true });
    await begin(clip);
    await worker.heard('done');
    expect(previews().length).toBeGreaterThan(0);
    for (const { sight, picture } of previews()) {
      const { width, height, luma } = await decoded(Buffer.from(picture, 'base64'));
      expect([width, height]).toEqual([sight.width, sight.height]);
      expect([width, height]).toEqual([64, 32]);
      const middle = luma[luma.length / 2 + 32] ?? 0;
      // The JPEG counts from 0 to 255 what the video counts from 16 to 235.
      expect(Math.abs(middle - (((sight.frame_index * step) % 219) * 255) / 219)).toBeLessThan(6);
    }
  });

  test('sends at most four a second while it is looked at, and none before or after', async () => {
    await begin(red);
    await worker.heard('progress');
    expect(previews()).toEqual([]);
    worker.send({ type: 'look', on: true });
    const begun = performance.now();
    await worker.heard('preview', ({ sight }) => sight.frame_index > 200);
    worker.send({ type: 'look', on: false });
    worker.send({ type: 'pause' });
    const most = (performance.now() - begun) / 250 + 1;
    expect(previews().length).toBeLessThanOrEqual(most);
    // The second sign of life from now on is told behind all that was under way.
    const signs = () => worker.messages.filter(({ type }) => type === 'alive').length;
    for (const enough = signs() + 2; signs() < enough;) await once(worker.process, 'message');
    const { length } = previews();
    worker.send({ type: 'continue' });
    expect(await worker.heard('done')).toMatchObject({ frames: 3000 });
    expect(previews()).toHaveLength(length);
  });

  test('keeps a picture of a job, whether it ends well or is cancelled', async () => {
    const directory = await begin(red);
    expect(await worker.heard('done')).toMatchObject({ poster: true });
    const poster = await readFile(`${directory}/${jobFiles.poster}`);
    expect(await decoded(poster)).toMatchObject({ width: 64, height: 32 });

    const other = new ForkedWorker();
    try {
      other.prepare(model);
      await other.heard('ready');
      const cancelled = media.file('cancelled');
      await mkdir(cancelled);
      other.start(red, cancelled);
      await other.heard('progress');
      other.send({ type: 'cancel' });
      await other.heard('failed', ({ code }) => code === 'cancelled');
      expect(await decoded(await readFile(`${cancelled}/${jobFiles.poster}`))).toMatchObject({ width: 64 });
      // The next worker goes on, and lets it lie.
      const next = new ForkedWorker();
      const before = await readFile(`${cancelled}/${jobFiles.poster}`);
      next.prepare(model);
      await next.heard('ready');
      next.start(red, cancelled);
      expect(await next.heard('done')).toMatchObject({ poster: true, frames: 3000 });
      expect(await readFile(`${cancelled}/${jobFiles.poster}`)).toEqual(before);
      next.close();
    } finally {
      other.close();
    }
  });

  test('a poster that the disk does not take costs the job nothing', async () => {
    const directory = media.file(`job-${String(++jobs)}`);
    await mkdir(`${directory}/${jobFiles.poster}`, { recursive: true });
    worker.start(red, directory);
    expect(await worker.heard('done')).toMatchObject({ poster: false, frames: 3000 });
  });
});
