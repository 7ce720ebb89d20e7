import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Box, DetectionFrame, jobFiles } from '../../appliance/contract/frame.ts';
import { ForkedWorker } from './forked.ts';
import { matched, overlap } from './matching.ts';

const models = resolve(import.meta.dirname, '../../models');
const files = ['demo.onnx', 'demo/sample.mp4', 'demo/sample.truth.json'].map((name) => resolve(models, name));
const missing = files.filter((file) => !existsSync(file));
const skip = missing.length === 0 ? null : `missing ${missing.join(', ')}`;

const Truth = z.object({
  frames: z.array(
    z.object({ objects: z.array(z.object({ class: z.string(), xyxy: Box, ignore: z.boolean().optional() })) }),
  ),
});

test.skipIf(skip !== null)(
  `the bundled model finds what is in the bundled sample${skip === null ? '' : ` (${skip})`}`,
  { timeout: 120_000 },
  async () => {
    const [model = '', video = '', truthFile = ''] = files;
    const truth = Truth.parse(JSON.parse(await readFile(truthFile, 'utf8')));
    const directory = await mkdtemp(join(tmpdir(), 'vedette-sample-'));
    const worker = new ForkedWorker();
    try {
      worker.prepare(model);
      await worker.heard('ready');
      worker.start(video, directory, { confidence: 0.25 });
      const done = await worker.heard('done');
      expect(done).toMatchObject({ frames: truth.frames.length, warnings: [] });
      const lines = (await readFile(join(directory, jobFiles.frames), 'utf8')).trimEnd().split('\n');

      const tally = { objects: 0, seen: 0, found: 0, right: 0 };
      lines.forEach((line, at) => {
        const { detections } = DetectionFrame.parse(JSON.parse(line));
        const objects = (truth.frames[at]?.objects ?? []).map((object) => ({ ...object, box: object.xyxy }));
        const sure = objects.filter(({ ignore }) => ignore !== true);
        const found = detections.xyxy.map((box, n) => ({ class: detections.class_name[n] ?? '', box }));
        const right = matched(found, sure, 0.5);
        const unjudged = (box: Box) =>
          objects.some((object) => object.ignore === true && overlap(object.box, box) >= 0.5);
        tally.objects += sure.length;
        tally.seen += matched(sure, found, 0.5).length;
        tally.right += right.length;
        tally.found += found.filter((one) => right.includes(one) || !unjudged(one.box)).length;
      });
      expect(tally.objects).toBeGreaterThan(0);
      expect(tally.seen / tally.objects).toBeGreaterThanOrEqual(0.9);
      expect(tally.right / tally.found).toBeGreaterThanOrEqual(0.9);
    } finally {
      worker.close();
      await rm(directory, { recursive: true });
    }
  },
);
