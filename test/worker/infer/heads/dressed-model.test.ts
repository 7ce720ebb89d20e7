// A whole model of another family, with the input that it wants, tells the same of the same picture.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Detections, ModelCard } from '../../../../appliance/contract/frame.ts';
import { Model } from '../../../../appliance/worker/infer/model.ts';
import { everything } from '../../../support/everything.ts';
import { Ingest } from '../../ingest/opened.ts';
import { sampleFiles } from '../../ingest/sample-scene.ts';
import * as clothes from './clothes.ts';

const side = 320;
const names = "{0: 'bottle', 1: 'can', 2: 'box', 3: 'ball'}";

describe('the bundled model', () => {
  let folder: string;
  let body: clothes.Body;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vedette-dressed-'));
    body = { model: await readFile(sampleFiles.model), side, classes: 4, anchors: 2100, names };
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Of one frame, squeezed into a square, so that all framings are the same. */
  async function told({ model, labels }: clothes.Dressed, iou: number): Promise<{ card: ModelCard; seen: Detections }> {
    const path = join(folder, 'dressed.onnx');
    await writeFile(path, model);
    await rm(join(folder, 'dressed.json'), { force: true });
    if (labels !== undefined) await writeFile(join(folder, 'dressed.json'), JSON.stringify(labels));
    const loaded = await Model.load({ name: 'dressed', path, providers: ['cpu'], threads: 1 });
    const source = { width: side, height: side, pixelAspect: 1 };
    const detector = await loaded.detector({ source, ...everything(0.25, iou) });
    const ingest = new Ingest();
    try {
      for await (const frame of ingest.frames(sampleFiles.video, { ...detector.pictureSize })) {
        return { card: loaded.card, seen: await detector.detect(frame) };
      }
      throw new Error('the film has no frame');
    } finally {
      ingest.close();
    }
  }

  // No overlap is above 1: what no network has suppressed is told whole.
  test.each([
    ['YOLOX, fed with bytes in B, G, R', () => clothes.asYolox(body, true), 1],
    ['RT-DETR, told the size of its picture', () => clothes.asDetrLists(body), 1],
    ['YOLO26', () => clothes.asEndToEnd(body, { end2end: 'True' }), 1],
    ['YOLO-NAS', () => clothes.asNasPair(body), 0.7],
    ['YOLO-NAS with suppression', () => clothes.asFlat(body, 'score first', 'graph2_flat_predictions'), 0.7],
  ])('in the clothes of %s', async (_, dress, iou) => {
    const plain = await told({ model: body.model }, iou);
    const dressed = await told(dress(), iou);
    expect(dressed.card.classes).toEqual(plain.card.classes);
    expect(dressed.card.layout).not.toBe(plain.card.layout);
    expect(plain.seen.xyxy.length).toBeGreaterThan(1);
    expect(dressed.seen.class_name).toEqual(plain.seen.class_name);
    for (const [at, box] of plain.seen.xyxy.entries()) {
      for (const [corner, pixel] of box.entries()) expect(dressed.seen.xyxy[at]?.[corner]).toBeCloseTo(pixel, 0);
      expect(dressed.seen.confidence[at]).toBeCloseTo(plain.seen.confidence[at] ?? NaN, 3);
    }
  });
});
