// A job with several tools: one decode, one look at each frame, and what it leaves is what each would leave alone.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { jobFiles, type ResultFrame, Summary } from '../../appliance/contract/frame.ts';
import type { FromWorker } from '../../appliance/contract/ipc.ts';
import { readCheckpoint } from '../../appliance/worker/checkpoint.ts';
import { Hold } from '../../appliance/worker/hold.ts';
import { Detector } from '../../appliance/worker/infer/detector.ts';
import { Model } from '../../appliance/worker/infer/model.ts';
import { loadGStreamer } from '../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../appliance/worker/ingest/player.ts';
import { runJob } from '../../appliance/worker/job.ts';
import { toolOf } from '../../appliance/worker/tools/registry.ts';
import type { Tool } from '../../appliance/worker/tools/tool.ts';
import { everything } from '../support/everything.ts';
import { workOf } from '../support/work.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { ForkedWorker } from './forked.ts';
import { exif, withExif } from './ingest/exif-block.ts';
import { colourModel } from './onnx-file.ts';

const [detect, track] = ['video_player_detection', 'video_player_tracking'] as const;

describe.skipIf(noFfmpeg !== null)(`a job with several tools${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let modelPath: string;
  let model: Model;
  let clip: string;
  let long: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    modelPath = media.file('colours.onnx');
    await writeFile(modelPath, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    model = await Model.load({ name: 'colours', path: modelPath, providers: ['cpu'], threads: 1 });
    const red = (seconds: number) => ['-f', 'lavfi', '-i', `color=red:s=64x64:r=25:d=${seconds}`];
    // What fades is followed for longer than it is found.
    clip = await media.make('clip.mp4', ...red(2), '-vf', 'fade=t=out:st=0.4:d=1.2', '-c:v', 'libx264');
    // What comes and goes is another thing each time.
    const blinking = "geq=r='255*lt(mod(T,9),5)':g=0:b=0";
    long = await media.make('long.mp4', ...red(40), '-vf', blinking, '-c:v', 'libx264', '-pix_fmt', 'yuv420p');
  });
  afterAll(() => media.close());

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'vedette-several-'));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async function run(input: string, tools: readonly [Tool, ...Tool[]], confidence = 0.25) {
    const player = new Player(loadGStreamer());
    const directory = await folder();
    const [first, ...others] = tools.map(({ id }) => id);
    const sent: FromWorker[] = [];
    const work = runJob({
      start: {
        ...{ type: 'start', jobId: 'job', inputPath: input, artifactDir: directory, ...workOf(first ?? '', ...others) },
        ...{ detection: everything(confidence), stallMs: 10_000, mayJump: true },
      },
      ...{ tools, model, player, platform: platforms.software, hold: new Hold(), looked: () => false },
      ...{ signal: new AbortController().signal, log: pino({ level: 'silent' }) },
      send: (message) => sent.push(message),
    });
    // At once: a pipeline that is left open keeps threads that the next one needs.
    return { work: work.finally(() => player.close()), directory, sent };
  }

  async function linesOf(directory: string): Promise<ResultFrame[]> {
    const text = await readFile(join(directory, jobFiles.frames), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ResultFrame]));
  }

  /** Its line and its totals, as if it had been alone. */
  async function alone(id: string, confidence: number) {
    const { work, directory } = await run(clip, [toolOf(id)], confidence);
    const { summary } = await work;
    return { lines: await linesOf(directory), summary };
  }

  test('leaves tool by tool what each of them leaves alone, and looks at each frame once', async () => {
    const confidence = 0.5;
    const [detected, tracked] = [await alone(detect, confidence), await alone(track, confidence)];
    const infer = vi.spyOn(Detector.prototype, 'infer');
    onTestFinished(() => infer.mockRestore());
    const { work, directory, sent } = await run(clip, [toolOf(detect), toolOf(track)], confidence);
    const { summary, frames } = await work;
    expect(infer).toHaveBeenCalledTimes(50);
    expect(frames).toBe(50);
    expect(await linesOf(directory)).toEqual(
      detected.lines.map(({ frame_index, pts_s, detections }, at) => {
        return { frame_index, pts_s, [detect]: { detections }, [track]: { detections: tracked.lines[at]?.detections } };
      }),
    );
    const part = ({ total_detections, classes, tracks }: Summary) => {
      return { total_detections, classes, ...(tracks && { tracks }) };
    };
    expect(summary.tools).toEqual({ [detect]: part(detected.summary), [track]: part(tracked.summary) });
    expect(summary).toMatchObject({ total_frames: 50, tracks: tracked.summary.tracks });
    const [some, others] = [detected.summary.total_detections, tracked.summary.total_detections];
    expect(others, 'what the tracker goes on with').toBeGreaterThan(some);
    expect(summary.total_detections).toBe(some + others);
    expect(Object.values(summary.classes).reduce((sum, count) => sum + count, 0)).toBe(some + others);
    expect(Summary.parse(JSON.parse(await readFile(join(directory, jobFiles.summary), 'utf8')))).toEqual(summary);
    const progress = sent.flatMap((message) => (message.type === 'progress' ? [message.currentFrame] : []));
    expect(progress.at(-1)).toBe(50);
  });

  test('fails with the name of the tool that fails, and keeps what all had found before', async () => {
    const clumsy: Tool = {
      id: 'clumsy',
      async *run({ frames, detect: look }) {
        for await (const frame of frames) {
          if (frame.index === 10) throw new RangeError('out of ideas');
          yield { frame_index: frame.index, pts_s: frame.ptsS, detections: await look(frame) };
        }
      },
    };
    const { work, directory } = await run(clip, [toolOf(track), clumsy]);
    const message = 'The tool clumsy failed: out of ideas';
    await expect(work).rejects.toMatchObject({ code: 'tool-failed', message });
    const lines = await linesOf(directory);
    expect(lines.map((line) => line.frame_index)).toEqual([...Array(10).keys()]);
    for (const line of lines) expect(Object.keys(line)).toEqual(['frame_index', 'pts_s', track, 'clumsy']);
  });

  test('is killed, and goes on as if it had not been', { timeout: 30_000 }, async () => {
    const work = workOf(track, detect);
    const begin = async (directory: string) => {
      const worker = new ForkedWorker();
      onTestFinished(() => worker.close());
      worker.prepare(modelPath);
      await worker.heard('ready');
      worker.start(long, directory, { work });
      return worker;
    };
    const [whole, parts] = [await folder(), await folder()];
    const expected = await (await begin(whole)).heard('done');
    const killed = await begin(parts);
    for (let least = 500; !(await readCheckpoint(parts)); least += 50)
      await killed.heard('progress', ({ currentFrame }) => currentFrame > least);
    killed.close();
    await killed.left;
    const checkpoint = await readCheckpoint(parts);
    expect(Object.keys(checkpoint?.memory ?? {})).toEqual([track]);
    const next = await begin(parts);
    expect(await next.heard('done')).toEqual(expected);
    expect(next.messages.find(({ type }) => type === 'progress')).toMatchObject({
      currentFrame: checkpoint?.place.frames,
    });
    const text = (directory: string) => readFile(join(directory, jobFiles.frames), 'utf8');
    expect(await text(parts)).toBe(await text(whole));
    expect(expected.summary.tracks).toEqual({ red: 5 });
  });

  test('shows what is followed, and nothing twice', async () => {
    const worker = new ForkedWorker();
    onTestFinished(() => worker.close());
    worker.prepare(modelPath);
    await worker.heard('ready');
    worker.send({ type: 'look', on: true });
    const directory = media.file('shown');
    await mkdir(directory);
    const red = await media.make('red.mp4', '-f', 'lavfi', '-i', 'color=red:s=128x64:r=25:d=20', '-c:v', 'libx264');
    worker.start(red, directory, { work: workOf(detect, track), confidence: 0.5 });
    expect(await worker.heard('done')).toMatchObject({ poster: true, summary: { classes: { red: 1000 } } });
    const sights = worker.messages.flatMap((message) => (message.type === 'preview' ? [message.sight] : []));
    expect(sights.length).toBeGreaterThan(0);
    for (const { objects, classes, frame_index: index } of sights) {
      expect(objects).toMatchObject([{ class: 'red', track_id: 1 }]);
      expect(classes).toEqual({ red: index + 1 });
    }
  });

  test.each(['png', 'jpg'] as const)('looks at one picture with all of them, upright (%s)', async (ending) => {
    const [source = '', ...args] = media.pattern('128x64', 1, 1);
    const path = await media.make(`picture.${ending}`, source, ...args, '-frames:v', '1');
    // As a camera leaves it that was held upright.
    if (ending === 'jpg') await writeFile(path, withExif(await readFile(path), exif(6, 'MM')));
    const surest: Tool = {
      ...{ id: 'surest', input: 'image_bytes' },
      async *run({ frames, detect: look }) {
        for await (const frame of frames) {
          const { xyxy, confidence, class_id, class_name } = await look(frame, { confidence: 0.01 });
          const [first] = [xyxy, confidence, class_id, class_name].map((list) => list.slice(0, 1));
          expect(first).toHaveLength(1);
          const detections = { xyxy: xyxy.slice(0, 1), confidence: confidence.slice(0, 1) };
          const classes = { class_id: class_id.slice(0, 1), class_name: class_name.slice(0, 1) };
          yield { frame_index: frame.index, pts_s: frame.ptsS, detections: { ...detections, ...classes } };
        }
      },
    };
    const { work, directory, sent } = await run(path, [toolOf('player_detection'), surest]);
    expect(await work).toMatchObject({ frames: 1, warnings: [], summary: { total_frames: 1, tools: { surest: {} } } });
    const upright = ending === 'png' ? { width: 128, height: 64 } : { width: 64, height: 128, rotation: 90 };
    expect(sent).toContainEqual(expect.objectContaining({ source: expect.objectContaining(upright) as unknown }));
    const [line] = await linesOf(directory);
    expect(Object.keys(line ?? {})).toEqual(['frame_index', 'pts_s', 'player_detection', 'surest']);
  });
});
