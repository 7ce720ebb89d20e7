import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DetectionFrame, jobFiles, Summary } from '../../appliance/contract/frame.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { ForkedWorker } from './forked.ts';
import { colourModel } from './onnx-file.ts';

describe.skipIf(noFfmpeg !== null)(`a worker process${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let worker: ForkedWorker;
  let model: string;
  let clip: string;
  let jobs = 0;
  beforeAll(async () => {
    media = await MediaFolder.open();
    model = media.file('colours.onnx');
    await writeFile(model, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    clip = await media.make('red.mp4', '-f', 'lavfi', '-i', 'color=red:s=128x64:r=25:d=4', '-c:v', 'libx264');
  });
  afterAll(() => media.close());
  beforeEach(() => {
    worker = new ForkedWorker();
  });
  afterEach(() => worker.close());

  async function artifactDir(): Promise<string> {
    const path = media.file(`job-${String(++jobs)}`);
    await mkdir(path);
    return path;
  }

  async function frames(directory: string): Promise<DetectionFrame[]> {
    const text = await readFile(`${directory}/${jobFiles.frames}`, 'utf8');
    expect(text === '' || text.endsWith('\n')).toBe(true);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [DetectionFrame.parse(JSON.parse(line))]));
  }

  test('takes a clip from prepare to done, and leaves', async () => {
    worker.prepare(model);
    const ready = await worker.heard('ready');
    expect(ready.model).toMatchObject({ name: 'test', provider: 'cpu', classes: ['red', 'green', 'blue'] });
    const directory = await artifactDir();
    worker.start(clip, directory, { confidence: 0.5 });
    const done = await worker.heard('done');
    expect(await worker.left).toEqual([0, null]);

    expect(done).toMatchObject({ frames: 100, warnings: [] });
    expect(done.summary).toEqual({
      total_frames: 100,
      total_detections: 100,
      classes: { red: 100 },
      fps: 25,
      duration_s: 4,
    });
    expect(Summary.parse(JSON.parse(await readFile(`${directory}/${jobFiles.summary}`, 'utf8')))).toEqual(done.summary);
    const lines = await frames(directory);
    expect(lines.map((line) => line.frame_index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(lines.map((line) => line.pts_s)).toEqual(Array.from({ length: 100 }, (_, index) => index / 25));
    expect(lines[50]?.detections).toMatchObject({ xyxy: [[48, 24, 80, 40]], class_id: [0], class_name: ['red'] });
    const { length } = await readFile(`${directory}/${jobFiles.frames}`);
    expect(done.bytes).toBe(length);
  });

  test('tells its stages in order, thins progress, and never drops the last of it', async () => {
    worker.prepare(model);
    await worker.heard('ready');
    worker.start(clip, await artifactDir());
    await worker.heard('done');
    const stages = worker.messages.flatMap((message) => (message.type === 'stage' ? [message.stage] : []));
    expect(stages).toEqual(['probing', 'analyzing', 'packaging']);
    const progress = worker.messages.filter((message) => message.type === 'progress');
    expect(progress.at(-1)).toMatchObject({ currentFrame: 100, totalFrames: 100 });
    const order = worker.messages.filter(({ type }) => type !== 'alive' && type !== 'progress').map(({ type }) => type);
    expect(order).toEqual(['ready', 'stage', 'probed', 'stage', 'stage', 'done']);
    const packaging = worker.messages.findIndex((message) => message.type === 'stage' && message.stage === 'packaging');
    expect(worker.messages.lastIndexOf(progress.at(-1) ?? worker.messages[0]!)).toBeLessThan(packaging); // eslint-disable-line @typescript-eslint/no-non-null-assertion -- ready is there
    const spanMs = (progress.at(-1)?.ts ?? 0) - (progress[0]?.ts ?? 0);
    expect(progress.length).toBeLessThanOrEqual(spanMs / 50 + 2);
  });

  test('stops between two frames when it is told to cancel, and keeps what it found readable', async () => {
    const long = await media.make(
      'long.mp4',
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=1280x720:r=30:d=20',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
    );
    worker.prepare(model);
    await worker.heard('ready');
    const directory = await artifactDir();
    worker.start(long, directory);
    await worker.heard('progress', ({ currentFrame }) => currentFrame > 10);
    const asked = performance.now();
    worker.send({ type: 'cancel' });
    expect(await worker.heard('failed')).toMatchObject({ code: 'cancelled' });
    expect(performance.now() - asked).toBeLessThan(500);
    expect(await worker.left).toEqual([0, null]);
    const lines = await frames(directory);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(600);
    await expect(access(`${directory}/${jobFiles.summary}`)).rejects.toThrow();
  });

  test('finishes its job though the whole process group is told to stop, and leaves without one when asked', async () => {
    const spare = new ForkedWorker();
    spare.prepare(model);
    worker.prepare(model);
    await Promise.all([spare.heard('ready'), worker.heard('ready')]);
    worker.start(clip, await artifactDir());
    await worker.heard('probed');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      worker.process.kill(signal);
      spare.process.kill(signal);
    }
    expect(await worker.heard('done')).toMatchObject({ frames: 100 });
    expect(await worker.left).toEqual([0, null]);
    spare.send({ type: 'cancel' });
    expect(await spare.heard('failed')).toMatchObject({ code: 'cancelled' });
    expect(await spare.left).toEqual([0, null]);
  });

  test('leaves at once when its parent is gone', async () => {
    worker.prepare(model);
    await worker.heard('ready');
    worker.start(clip, await artifactDir());
    await worker.heard('probed');
    worker.process.disconnect();
    await worker.left;
  });

  test('says what is wrong with its model, and leaves', async () => {
    worker.prepare(media.file('gone.onnx'));
    expect(await worker.heard('failed')).toMatchObject({ code: 'model-missing' });
    expect(await worker.left).toEqual([0, null]);
  });

  test('fails a job whose source is bad, and leaves', async () => {
    worker.prepare(model);
    await worker.heard('ready');
    worker.start(model, await artifactDir());
    expect(await worker.heard('failed')).toMatchObject({ code: 'source-undecodable' });
    expect(await worker.left).toEqual([0, null]);
  });

  test('leaves a source that hangs for ever behind, and is alive all the while', async () => {
    const pipe = media.file('hanging');
    execFileSync('mkfifo', [pipe]);
    const writer = await open(pipe, constants.O_RDWR);
    try {
      worker.prepare(model);
      await worker.heard('ready');
      worker.start(pipe, await artifactDir(), { stallMs: 1500 });
      expect(await worker.heard('failed')).toMatchObject({ code: 'source-stalled' });
      expect(worker.messages.some(({ type }) => type === 'alive')).toBe(true);
      await worker.left;
    } finally {
      await writer.close();
    }
  });

  test('fails a job whose artifact cannot be written', async () => {
    worker.prepare(model);
    await worker.heard('ready');
    worker.start(clip, media.file('no-such-folder'));
    expect(await worker.heard('failed')).toMatchObject({ code: 'artifact-failed' });
    expect(await worker.left).toEqual([0, null]);
  });

  test('completes a cut-off source with a warning that says how much there was', async () => {
    const whole = await media.make('fast.mp4', '-i', clip, '-c', 'copy', '-movflags', '+faststart');
    const bytes = await readFile(whole);
    await writeFile(media.file('cut.mp4'), bytes.subarray(0, bytes.length * 0.7));
    worker.prepare(model);
    await worker.heard('ready');
    worker.start(media.file('cut.mp4'), await artifactDir());
    const done = await worker.heard('done');
    expect(done.warnings).toEqual([expect.stringMatching(/^source ends at \d\.\d\d s of 4\.00 s$/)]);
    expect(done.frames).toBeLessThan(100);
  });
});
