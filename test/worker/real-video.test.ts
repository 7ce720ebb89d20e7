import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Box } from '../../appliance/contract/frame.ts';
import { everything } from '../support/everything.ts';
import { Model } from '../../appliance/worker/infer/model.ts';
import { Ingest } from './ingest/opened.ts';
import { type Marked, matched, pairs } from './matching.ts';

// eslint-disable-next-line no-restricted-properties -- where the material lies is the tester's setting, not the product's
const folder = process.env['VEDETTE_REAL'] ?? resolve(import.meta.dirname, '../../../shared/real');
const skip = existsSync(resolve(folder, 'yolov8n.onnx')) ? null : `no material in ${folder}; set VEDETTE_REAL`;

const Reference = z.object({
  width: z.number(),
  height: z.number(),
  fps: z.number(),
  decoded: z.number(),
  frames: z.array(
    z.object({
      frame: z.number(),
      dets: z.array(z.object({ cls: z.number(), score: z.number(), box: Box })),
    }),
  ),
});

interface Scored extends Marked {
  readonly score: number;
}

describe.skipIf(skip !== null)(`YOLOv8n on real videos${skip === null ? '' : ` (${skip})`}`, () => {
  let ingest: Ingest;
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  // Every frame is decoded and scaled, but only those that the reference lists go through the network, in the same
  // detector that a job uses: whole videos would cost minutes of CPU and compare nothing more.
  test.each(['bottle-detection', 'one-by-one-person-detection'])(
    'finds on %s what an independent path found',
    { timeout: 240_000 },
    async (name) => {
      const path = resolve(folder, `${name}.mp4`);
      const reference = Reference.parse(JSON.parse(await readFile(resolve(folder, `${name}.reference.json`), 'utf8')));
      const model = await Model.load({
        name: 'yolov8n',
        path: resolve(folder, 'yolov8n.onnx'),
        providers: ['cpu'],
        threads: 2,
      });
      const { info, pixelAspect } = await ingest.probe(path);
      expect(info).toMatchObject({ width: reference.width, height: reference.height, frames: reference.decoded });
      expect(info.fps).toBeCloseTo(reference.fps, 2);

      // Pairs are sought down to the reference's own threshold, so that a score beside 0.5 is not a miss on one side.
      const detector = await model.detector({ source: { ...info, pixelAspect }, ...everything() });
      const wanted = new Map(reference.frames.map(({ frame, dets }) => [frame, dets]));
      const tally = { reference: 0, referenceMatched: 0, ours: 0, oursMatched: 0 };
      const scoreGaps: number[] = [];
      let frames = 0;
      for await (const frame of ingest.frames(path, detector.pictureSize)) {
        frames++;
        const dets = wanted.get(frame.index);
        if (dets === undefined) continue;
        const theirs = dets.map(({ cls, score, box }): Scored => ({
          class: model.card.classes[cls] ?? '',
          score,
          box,
        }));
        const { xyxy, class_name: names, confidence } = await detector.detect(frame);
        const ours = xyxy.map((box, at): Scored => ({ class: names[at] ?? '', score: confidence[at] ?? 0, box }));
        const sure = (marked: Scored) => marked.score >= 0.5;
        tally.reference += theirs.filter(sure).length;
        tally.referenceMatched += matched(theirs.filter(sure), ours, 0.9).length;
        tally.ours += ours.filter(sure).length;
        tally.oursMatched += matched(ours.filter(sure), theirs, 0.9).length;
        for (const [theirOne, ourOne] of pairs(theirs.filter(sure), ours, 0.9)) {
          scoreGaps.push(Math.abs(theirOne.score - ourOne.score));
        }
      }
      expect(frames).toBe(reference.decoded);
      expect(tally.reference).toBeGreaterThan(30);
      expect(tally.referenceMatched / tally.reference).toBeGreaterThanOrEqual(0.98);
      expect(tally.oursMatched / tally.ours).toBeGreaterThanOrEqual(0.98);
      scoreGaps.sort((a, b) => a - b);
      expect(scoreGaps[Math.floor(0.95 * scoreGaps.length)]).toBeLessThanOrEqual(0.05);
    },
  );
});
