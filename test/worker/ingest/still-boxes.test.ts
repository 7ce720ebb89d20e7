// A frame of a video, saved as a picture, has the boxes that it has in the video.
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Box, Detections } from '../../../appliance/contract/frame.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { probeStill } from '../../../appliance/worker/ingest/still.ts';
import { everything } from '../../support/everything.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { overlap } from '../matching.ts';
import { Ingest } from './opened.ts';
import { sampleFiles } from './sample-scene.ts';

const missing = Object.values(sampleFiles).filter((file) => !existsSync(file));
const skip = noFfmpeg ?? (missing.length > 0 ? `missing ${missing.join(', ')}` : null);

/** Frames of the film that are compared. */
const chosen = [0, 37, 90, 151, 200, 280, 349];

/** ffmpeg's own conversion, as exact as it can be: the film is BT.709, JPEG is BT.601 by its definition. */
const exact = ['-sws_flags', 'accurate_rnd+full_chroma_int+bicubic'];
const ways = {
  png: { args: [...exact], matrix: 'in_color_matrix=bt709', format: 'rgb24' },
  jpg: { args: [...exact, '-q:v', '1'], matrix: 'in_color_matrix=bt709:out_color_matrix=bt601', format: 'yuvj420p' },
} as const;

interface Difference {
  readonly pixels: number;
  readonly score: number;
}

describe.skipIf(skip !== null)(`the boxes of a still${skip === null ? '' : ` (${skip})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let model: Model;
  const inVideo = new Map<number, Detections>();
  beforeAll(async () => {
    media = await MediaFolder.open();
    model = await Model.load({ name: 'demo', path: sampleFiles.model, providers: ['cpu'], threads: 1 });
    ingest = new Ingest();
    const { info, pixelAspect } = await ingest.probe(sampleFiles.video);
    const detector = await model.detector({ source: { ...info, pixelAspect }, ...everything(0.15) });
    for await (const frame of ingest.frames(sampleFiles.video, { ...detector.pictureSize })) {
      if (chosen.includes(frame.index)) inVideo.set(frame.index, await detector.detect(frame));
    }
    ingest.close();
  }, 60_000);
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  async function inPicture(file: string): Promise<Detections> {
    const { info, pixelAspect } = await probeStill(file);
    const detector = await model.detector({ source: { ...info, pixelAspect }, ...everything(0.15) });
    const found: Detections[] = [];
    for await (const frame of ingest.still(file, detector.pictureSize)) found.push(await detector.detect(frame));
    expect(found).toHaveLength(1);
    return found[0] as Detections;
  }

  test.each(['png', 'jpg'] as const)('as %s are those of the frame in its video', async (kind) => {
    const { args, matrix, format } = ways[kind];
    const differences: Difference[] = [];
    const select = chosen.map((frame) => `eq(n\\,${frame})`).join('+');
    const filter = `select=${select},scale=${matrix},format=${format}`;
    await media.make(`frame-%d.${kind}`, '-i', sampleFiles.video, '-vf', filter, '-vsync', '0', ...args);
    for (const [at, frame] of chosen.entries()) {
      const still = await inPicture(media.file(`frame-${at + 1}.${kind}`));
      differences.push(...compare(told(inVideo.get(frame)), told(still), frame));
    }
    expect(differences.length).toBeGreaterThan(100);
    // ffmpeg's way from YUV to RGB and back rounds twice; where two neighbouring cells are equally sure of one object,
    // that decides which of them speaks, and its box is a few pixels another.
    const pixels = ranked(differences.map((difference) => difference.pixels));
    const scores = ranked(differences.map((difference) => difference.score));
    expect(pixels(0.5)).toBeLessThan(1);
    expect(pixels(0.95)).toBeLessThan(4);
    expect(scores(0.5)).toBeLessThan(0.005);
    expect(scores(0.95)).toBeLessThan(kind === 'png' ? 0.012 : 0.018);
    expect(scores(1)).toBeLessThan(0.03);
  });

  test('as JPEG are to the last digit those of a motion JPEG that holds the same picture', async () => {
    const filter = ['-vf', 'select=eq(n\\,90)', '-vsync', '0', '-frames:v', '1', '-q:v', '2'];
    const jpeg = await media.make('same.jpg', '-i', sampleFiles.video, ...filter);
    const video = await media.make('same.avi', '-i', jpeg, '-c', 'copy');
    const { info, pixelAspect } = await ingest.probe(video);
    const detector = await model.detector({ source: { ...info, pixelAspect }, ...everything(0.15) });
    const found: Detections[] = [];
    for await (const frame of ingest.frames(video, { ...detector.pictureSize }))
      found.push(await detector.detect(frame));
    expect(found).toEqual([await inPicture(jpeg)]);
    expect(found[0]?.xyxy.length).toBeGreaterThan(5);
  });
});

/** The value below which a share of all of them lies. */
function ranked(values: readonly number[]): (share: number) => number {
  const sorted = [...values].sort((a, b) => a - b);
  return (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? NaN;
}

interface Told {
  readonly name: string;
  readonly box: Box;
  readonly score: number;
}

function told(detections: Detections | undefined): Told[] {
  const { xyxy, class_name: names, confidence } = detections ?? { xyxy: [], class_name: [], confidence: [] };
  return xyxy.map((box, at) => ({ box, name: names[at] ?? '', score: confidence[at] ?? 0 }));
}

/** What either has with some certainty, the other one has too. */
function compare(video: readonly Told[], still: readonly Told[], frame: number): Difference[] {
  const found = (wanted: Told, among: readonly Told[]): Told => {
    const [best] = among
      .filter(({ name }) => name === wanted.name)
      .sort((a, b) => overlap(b.box, wanted.box) - overlap(a.box, wanted.box));
    if (best && overlap(best.box, wanted.box) > 0.7) return best;
    throw new Error(`frame ${frame} lacks ${wanted.name} ${wanted.score} at ${wanted.box.join(' ')}`);
  };
  const apart = (a: Told, b: Told): Difference => ({
    pixels: Math.max(...a.box.map((side, at) => Math.abs(side - (b.box[at] ?? NaN)))),
    score: Math.abs(a.score - b.score),
  });
  const certain = ({ score }: Told) => score >= 0.25;
  return [
    ...video.filter(certain).map((one) => apart(one, found(one, still))),
    ...still.filter(certain).map((one) => apart(one, found(one, video))),
  ];
}
