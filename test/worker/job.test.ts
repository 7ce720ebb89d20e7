import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FromWorker } from '../../appliance/contract/ipc.ts';
import { Hold } from '../../appliance/worker/hold.ts';
import { Model } from '../../appliance/worker/infer/model.ts';
import { loadGStreamer, requireElements } from '../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../appliance/worker/ingest/player.ts';
import { runJob } from '../../appliance/worker/job.ts';
import type { Tool } from '../../appliance/worker/tools/tool.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { colourModel } from './onnx-file.ts';
import { everything } from '../support/everything.ts';
import { workOf } from '../support/work.ts';

const nothing = { xyxy: [], confidence: [], class_id: [], class_name: [] };

describe.skipIf(noFfmpeg !== null)(`a job${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let model: Model;
  let clip: string;
  let player: Player;
  let directory: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const path = media.file('colours.onnx');
    await writeFile(path, colourModel({ width: 64, height: 64, box: [32, 32, 16, 8] }));
    model = await Model.load({ name: 'colours', path, providers: ['cpu'], threads: 1 });
    clip = await media.make('clip.mp4', ...media.pattern('128x64', 25, 1), '-c:v', 'libx264');
  });
  afterAll(() => media.close());
  beforeEach(async () => {
    player = new Player(loadGStreamer());
    directory = await mkdtemp(join(tmpdir(), 'vedette-job-'));
  });
  afterEach(async () => {
    player.close();
    await rm(directory, { recursive: true });
  });

  async function run(tool: Tool) {
    const sent: FromWorker[] = [];
    const done = await runJob({
      start: {
        type: 'start',
        jobId: 'job',
        inputPath: clip,
        artifactDir: directory,
        ...workOf(tool.id),
        detection: everything(),
        stallMs: 10_000,
        mayJump: true,
      },
      tools: [tool],
      model,
      player,
      platform: platforms.software,
      send: (message) => sent.push(message),
      hold: new Hold(),
      looked: () => false,
      signal: new AbortController().signal,
      log: pino({ level: 'silent' }),
    });
    return { done, sent };
  }

  test('completes with a tool that never reports progress', async () => {
    const silent: Tool = {
      id: 'video_player_detection',
      async *run({ frames }) {
        for await (const { index, ptsS } of frames) yield { frame_index: index, pts_s: ptsS, detections: nothing };
      },
    };
    const { done, sent } = await run(silent);
    expect(done).toMatchObject({ frames: 25, summary: { total_frames: 25, total_detections: 0 } });
    expect(sent.some(({ type }) => type === 'progress')).toBe(false);
  });

  test('blames the tool for what it throws', async () => {
    const clumsy: Tool = {
      id: 'video_player_detection',
      // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- it fails before its first line
      async *run() {
        throw new RangeError('out of ideas');
      },
    };
    await expect(run(clumsy)).rejects.toMatchObject({
      code: 'tool-failed',
      message: 'The tool video_player_detection failed: out of ideas',
    });
  });
});

test('an element that this GStreamer lacks is named with the package that brings it', () => {
  const gstreamer = loadGStreamer();
  expect(() => requireElements(gstreamer, platforms.software.elements)).not.toThrow();
  expect(() =>
    requireElements(gstreamer, { identity: 'a', nosuchelement: 'plugins-no', neither: 'plugins-other' }),
  ).toThrow(
    expect.objectContaining({
      code: 'gstreamer-incomplete',
      message: 'GStreamer lacks nosuchelement, neither. Install with: apt-get install plugins-no plugins-other',
    }),
  );
});
