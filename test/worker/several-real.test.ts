// Detection and tracking of a real video in one pass: tool by tool the lines of two passes.
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobFiles, type ResultFrame } from '../../appliance/contract/frame.ts';
import { Hold } from '../../appliance/worker/hold.ts';
import { Model } from '../../appliance/worker/infer/model.ts';
import { loadGStreamer } from '../../appliance/worker/ingest/gstreamer.ts';
import { platforms } from '../../appliance/worker/ingest/pipeline.ts';
import { Player } from '../../appliance/worker/ingest/player.ts';
import { runJob } from '../../appliance/worker/job.ts';
import { toolOf } from '../../appliance/worker/tools/registry.ts';
import { everything } from '../support/everything.ts';
import { workOf } from '../support/work.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';

// eslint-disable-next-line no-restricted-properties -- where the material lies is the tester's setting, not the product's
const folder = process.env['VEDETTE_REAL'] ?? resolve(import.meta.dirname, '../../../shared/real');
const material = existsSync(resolve(folder, 'yolov8n.onnx')) ? null : `no material in ${folder}; set VEDETTE_REAL`;
const skip = noFfmpeg ?? material;
const [detect, track] = ['video_player_detection', 'video_player_tracking'] as const;

describe.skipIf(skip !== null)(`YOLOv8n with several tools${skip === null ? '' : ` (${skip})`}`, () => {
  let media: MediaFolder;
  let model: Model;
  let clip: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const path = resolve(folder, 'yolov8n.onnx');
    model = await Model.load({ name: 'yolov8n', path, providers: ['cpu'], threads: 1 });
    // Somebody walks in, unsure at first: the tracker goes on with what the detector does not tell.
    const input = resolve(folder, 'one-by-one-person-detection.mp4');
    clip = await media.make('clip.mp4', '-ss', '4.5', '-i', input, '-frames:v', '24', '-c:v', 'libx264', '-crf', '14');
  });
  afterAll(() => media.close());

  async function analysed(...ids: [string, ...string[]]): Promise<ResultFrame[]> {
    const player = new Player(loadGStreamer());
    const directory = media.file(ids.join(' '));
    await mkdir(directory);
    const [first, ...others] = ids;
    try {
      await runJob({
        start: {
          ...{ type: 'start', jobId: 'job', inputPath: clip, artifactDir: directory, ...workOf(...ids) },
          ...{ detection: everything(0.25), stallMs: 10_000, mayJump: true },
        },
        tools: [toolOf(first), ...others.map(toolOf)],
        ...{ model, player, platform: platforms.software, hold: new Hold(), looked: () => false },
        ...{ signal: new AbortController().signal, log: pino({ level: 'silent' }), send: () => undefined },
      });
    } finally {
      player.close();
    }
    const text = await readFile(join(directory, jobFiles.frames), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ResultFrame);
  }

  test('says in one pass what its tools say in two', async () => {
    const [detected, tracked] = [await analysed(detect), await analysed(track)];
    expect(detected).toHaveLength(24);
    expect(JSON.stringify(detected)).toContain('"person"');
    expect(JSON.stringify(tracked)).toContain('"track_id":1');
    expect(await analysed(detect, track)).toEqual(
      detected.map(({ frame_index, pts_s, detections }, at) => {
        return { frame_index, pts_s, [detect]: { detections }, [track]: { detections: tracked[at]?.detections } };
      }),
    );
  });
});
