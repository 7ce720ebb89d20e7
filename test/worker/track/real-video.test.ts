// Who walks alone through a real video is one person all the way.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { Tracker, trackerRules } from '../../../appliance/worker/infer/track/tracker.ts';
import { everything } from '../../support/everything.ts';
import { Ingest } from '../ingest/opened.ts';
import { GreedyTracker } from './greedy.ts';

// eslint-disable-next-line no-restricted-properties -- where the material lies is the tester's setting, not the product's
const folder = process.env['VEDETTE_REAL'] ?? resolve(import.meta.dirname, '../../../../shared/real');
const skip = existsSync(resolve(folder, 'yolov8n.onnx')) ? null : `no material in ${folder}; set VEDETTE_REAL`;
const confidence = 0.25;

/** One person enters an empty room, stops and leaves; then the next one comes in, quickly. */
const passage = { from: 58, empty: 210, to: 236 };

describe.skipIf(skip !== null)(`YOLOv8n and the tracker on a real video${skip === null ? '' : ` (${skip})`}`, () => {
  let ingest: Ingest;
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  test('who walks alone has one id, and the next one another', { timeout: 240_000 }, async () => {
    const path = resolve(folder, 'one-by-one-person-detection.mp4');
    const file = resolve(folder, 'yolov8n.onnx');
    const model = await Model.load({ name: 'yolov8n', path: file, providers: ['cpu'], threads: 1 });
    const { info, pixelAspect } = await ingest.probe(path);
    const settings = { ...everything(confidence), classes: ['person'] };
    const detector = await model.detector({ source: { ...info, pixelAspect }, ...settings });
    const tracker = new Tracker({ ...trackerRules, confidence });
    const plain = new GreedyTracker(confidence);
    const plainIds = new Set<number>();
    const seen: { readonly index: number; readonly ids: readonly number[] }[] = [];
    for await (const frame of ingest.frames(path, detector.pictureSize)) {
      if (frame.index < passage.from) continue;
      if (frame.index >= passage.to) break;
      const detections = await detector.detect(frame, trackerRules.low);
      const objects = tracker.update(frame.ptsS, detections);
      seen.push({ index: frame.index, ids: objects.map(({ track_id: id }) => id) });
      for (const { id } of plain.update(frame.ptsS, detections)) plainIds.add(id);
    }
    expect(Math.max(...seen.map(({ ids }) => ids.length)), 'alone').toBe(1);
    const first = seen.filter(({ index }) => index < passage.empty).flatMap(({ ids }) => ids);
    const second = seen.filter(({ index }) => index >= passage.empty).flatMap(({ ids }) => ids);
    expect(first.length).toBeGreaterThan(120);
    expect(new Set(first)).toEqual(new Set([1]));
    expect(new Set(second)).toEqual(new Set([2]));
    expect(plainIds.size, 'a tracker without motion takes them for more').toBeGreaterThan(2);
  });
});
