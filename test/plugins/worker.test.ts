// Tools from outside in real worker processes: those that work, and those that do all that they must not do.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DetectionFrame, jobFiles, TrackedFrame } from '../../appliance/contract/frame.ts';
import type { FromWorker } from '../../appliance/contract/ipc.ts';
import { everything } from '../support/everything.ts';
import { writeFiles, writePlugin } from '../support/plugin-folder.ts';
import { tempData } from '../support/temp-data.ts';
import { workOf } from '../support/work.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { ForkedWorker } from '../worker/forked.ts';
import { colourModel } from '../worker/onnx-file.ts';

const demo = fileURLToPath(new URL('../../models/demo', import.meta.url));

interface Work {
  readonly pluginId: string;
  readonly folder: string | null;
  readonly tool: string;
  readonly model: string;
  readonly clip: string;
  readonly stallMs?: number;
  readonly artifactDir?: string;
}

/** A worker that has been told to do this. */
async function begin({ pluginId, folder, tool, model, clip, stallMs = 10_000, artifactDir = tempData() }: Work) {
  const worker = new ForkedWorker();
  onTestFinished(() => worker.close());
  worker.prepare(model);
  await worker.heard('ready');
  worker.send({
    type: 'start',
    ...{ jobId: 'job', inputPath: clip, artifactDir, ...workOf(tool), pluginId, stallMs, mayJump: true },
    ...(folder === null ? {} : { plugin: { id: 'folder', path: folder } }),
    detection: everything(0.25),
  });
  return { worker, artifactDir };
}

/** Its last word. */
async function end(work: Work): Promise<FromWorker | undefined> {
  const { worker } = await begin(work);
  await worker.left;
  return worker.messages.findLast(({ type }) => type === 'done' || type === 'failed');
}

function linesIn(directory: string): unknown[] {
  const lines = readFileSync(join(directory, jobFiles.frames), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe.skipIf(noFfmpeg !== null)(`tools from outside${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let model: string;
  let clip: string;
  let wicked: string;
  let largest: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    model = media.file('colours.onnx');
    writeFileSync(model, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    clip = await media.make('red.mp4', '-f', 'lavfi', '-i', 'color=red:s=64x64:r=25:d=1', '-c:v', 'libx264');
    wicked = writePlugin('wicked', media.file('wicked'));
    largest = writePlugin('largest-object', media.file('largest'));
  });
  afterAll(() => media.close());

  test('the largest object is found where the built-in tool finds it', async () => {
    const sample = await media.make('sample.mp4', '-i', join(demo, 'sample.mp4'), '-frames:v', '16', '-c:v', 'libx264');
    const work = { model: `${demo}.onnx`, clip: sample };
    const plain = await begin({ ...work, pluginId: 'yolo-tracker', folder: null, tool: 'video_player_detection' });
    const alone = await begin({ ...work, pluginId: 'largest-object', folder: largest, tool: 'largest' });
    const done = await alone.worker.heard('done');
    await plain.worker.heard('done');
    const expected = linesIn(plain.artifactDir).map((line) => DetectionFrame.parse(line));
    const found = linesIn(alone.artifactDir).map((line) => DetectionFrame.parse(line));
    expect(found).toHaveLength(16);
    expect(expected.some(({ detections }) => detections.xyxy.length > 1)).toBe(true);
    const area = ([x1, y1, x2, y2]: readonly number[]) => ((x2 ?? 0) - (x1 ?? 0)) * ((y2 ?? 0) - (y1 ?? 0));
    for (const [at, { detections, ...place }] of found.entries()) {
      const all = expected[at];
      expect(place).toEqual({ frame_index: all?.frame_index, pts_s: all?.pts_s });
      const [widest] = (all?.detections.xyxy ?? []).toSorted((a, b) => area(b) - area(a));
      expect(detections.xyxy).toEqual(widest ? [widest] : []);
    }
    expect(done.summary.total_detections).toBe(found.filter(({ detections }) => detections.xyxy.length > 0).length);
    expect(alone.worker.messages.filter(({ type }) => type === 'progress').at(-1)).toMatchObject({ currentFrame: 16 });
  });

  test('a tool that looks back counts its tracks', async () => {
    const { worker, artifactDir } = await begin({
      ...{ pluginId: 'largest-object', folder: largest, tool: 'follow_largest', model, clip },
    });
    const { summary } = await worker.heard('done');
    expect(summary).toMatchObject({ total_frames: 25, total_detections: 25, tracks: { red: 1 } });
    const ids = linesIn(artifactDir).flatMap((line) =>
      TrackedFrame.parse(line).detections.tracked_objects.map(({ track_id: id }) => id),
    );
    expect(new Set(ids)).toEqual(new Set([1]));
  });

  const by = 'of the plugin wicked';
  test.each([
    ['throws', `The tool throws ${by} failed: TypeError: no such thing`],
    ['throws_beside', 'The plugin wicked failed beside its tools: nobody waits for this'],
    ['exits', `The tool exits ${by} failed: a plugin must not end its process`],
    ['hangs', `The tool hangs ${by} did nothing for 1 s with frame 3 in hand`],
    ['says_nonsense', `The tool says_nonsense ${by} gave a wrong line for frame 3: frame_index: `],
    ['says_uneven_lists', `${by} gave a wrong line for frame 3: detections: lists of 1, 1, 0, 1 entries`],
    ['says_another_frame', `${by} gave a wrong line for frame 3: frame_index: 10 is not that of the frame, 3`],
    ['tells_nonsense', `The tool tells_nonsense ${by} told onProgress NaN of null frames`],
    ['stops_early', `The tool stops_early ${by} ended before the video did, behind frame 3`],
    ['skips', `The tool skips ${by} asked for the next frame without a line for frame 3`],
  ])('%s: the job fails, and says whose fault it is', async (tool, message) => {
    const artifactDir = tempData();
    const last = await end({ pluginId: 'wicked', folder: wicked, tool, model, clip, stallMs: 1000, artifactDir });
    expect(last).toMatchObject({
      type: 'failed',
      code: 'tool-failed',
      message: expect.stringContaining(message) as unknown,
    });
    expect(last).toMatchObject({ message: expect.not.stringContaining(wicked) as unknown });
  });

  test('a plugin that is gone, changed its id or lost a tool fails the job that wants it', async () => {
    const work = { pluginId: 'wicked', folder: wicked, tool: 'hangs', model, clip };
    expect(await end({ ...work, folder: media.file('gone') })).toMatchObject({ code: 'plugin-broken' });
    expect(await end({ ...work, folder: largest })).toMatchObject({
      code: 'plugin-broken',
      message: 'Where the plugin wicked lay there is now the plugin largest-object.',
    });
    expect(await end({ ...work, tool: 'nothing' })).toMatchObject({ code: 'tool-not-found' });
  });

  test('work is taken up by the same code alone', async () => {
    const folder = writePlugin('largest-object', media.file('changing'));
    const long = await media.make('long.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x64:r=50:d=60', '-c:v', 'mpeg4');
    const directory = media.file('job');
    mkdirSync(directory);
    const work = {
      pluginId: 'largest-object',
      folder,
      tool: 'follow_largest',
      model,
      clip: long,
      artifactDir: directory,
    };
    const firstFrame = async () => {
      const { worker } = await begin(work);
      const { currentFrame } = await worker.heard('progress');
      await worker.heard('progress', (report) => report.currentFrame > currentFrame + 20);
      worker.send({ type: 'cancel' });
      await worker.left;
      return currentFrame;
    };
    expect(await firstFrame()).toBeLessThan(20);
    expect(await firstFrame()).toBeGreaterThan(20);
    writeFiles(folder, { 'lib/other.js': '// changed\n' });
    expect(await firstFrame()).toBeLessThan(20);
  });
});
