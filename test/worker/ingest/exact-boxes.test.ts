// However a file is stored, its boxes lie where the objects are seen, at the time at which they are seen, in every frame.
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Box } from '../../../appliance/contract/frame.ts';
import { everything } from '../../support/everything.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { shortfall } from '../../../appliance/worker/shortfall.ts';
import { MediaFolder, noFfmpeg, packetCount, shownTimes } from '../../support/worker-media.ts';
import type { Marked } from '../matching.ts';
import { Ingest } from './opened.ts';
import { readScene, recall, sampleFiles, type Scene } from './sample-scene.ts';

const missing = Object.values(sampleFiles).filter((file) => !existsSync(file));
const skip = noFfmpeg ?? (missing.length > 0 ? `missing ${missing.join(', ')}` : null);

const quick = ['-an', '-pix_fmt', 'yuv420p', '-preset', 'ultrafast', '-crf', '20', '-bf', '2'];
const shownFrames = 20;

interface Stored {
  readonly file: string;
  /** ffmpeg's arguments, between the film and the output. */
  readonly args: readonly string[];
  /** Size in stored pixels, turned as shown. */
  readonly size: readonly [width: number, height: number];
  readonly turned?: 0 | 90 | 180 | 270;
  /** Of the film's frames, those that are shown; by default the first twenty. */
  readonly shown?: (frame: number) => boolean;
}

const turned = (file: string, rotation: 90 | 180 | 270, filter: string): Stored => ({
  file,
  args: ['-vf', filter],
  size: [1280, 720],
  turned: rotation,
});
/** Only a copy takes this note from ffmpeg 5, which counts against the clock. */
const asTurned = (rotation: number) => ['-metadata:s:v', `rotate=${360 - rotation}`];
const varies = (frame: number) => frame < 12 || frame % 4 === 0;
const select = "select='lt(n,12)+not(mod(n,4))'";

const ways: readonly Stored[] = [
  turned('turned-90.mp4', 90, 'transpose=cclock'),
  turned('turned-90.mov', 90, 'transpose=cclock'),
  turned('turned-180.mov', 180, 'hflip,vflip'),
  turned('turned-270.mp4', 270, 'transpose=clock'),
  { file: 'narrow.mp4', args: ['-vf', 'scale=640:720,setsar=2'], size: [640, 720] },
  { file: 'narrow.ts', args: ['-vf', 'scale=640:720,setsar=2'], size: [640, 720] },
  { file: 'flat.mov', args: ['-vf', 'scale=1280:360,setsar=1/2'], size: [1280, 360] },
  // Shown, its pixels lie on their side.
  { ...turned('narrow-turned.mp4', 90, 'transpose=cclock,scale=720:640,setsar=1/2'), size: [640, 720] },
  { file: 'odd.mkv', args: ['-vf', 'scale=1279:719,format=yuv444p', '-pix_fmt', 'yuv444p'], size: [1279, 719] },
  { file: 'variable.mp4', args: ['-vf', select, '-vsync', 'vfr'], size: [1280, 720], shown: varies },
  { file: 'variable.mkv', args: ['-vf', select, '-vsync', 'vfr'], size: [1280, 720], shown: varies },
  { file: 'interlaced.ts', args: ['-flags', '+ilme+ildct', '-x264-params', 'tff=1'], size: [1280, 720] },
  { file: 'fragmented.mp4', args: ['-movflags', 'frag_keyframe+empty_moov'], size: [1280, 720] },
];

describe.skipIf(skip !== null)(`the boxes of a known scene${skip === null ? '' : ` (${skip})`}`, () => {
  let media: MediaFolder;
  let ingest: Ingest;
  let model: Model;
  let scene: Scene;
  beforeAll(async () => {
    media = await MediaFolder.open();
    model = await Model.load({ name: 'demo', path: sampleFiles.model, providers: ['cpu'], threads: 1 });
    scene = await readScene();
  });
  afterAll(() => media.close());
  beforeEach(() => {
    ingest = new Ingest();
  });
  afterEach(() => ingest.close());

  async function seenIn(file: string) {
    const { info, pixelAspect } = await ingest.probe(file);
    const detector = await model.detector({ source: { ...info, pixelAspect }, ...everything(0.4) });
    const frames = ingest.frames(file, { ...detector.pictureSize });
    const found: Marked[][] = [];
    const times: number[] = [];
    for await (const frame of frames) {
      const { xyxy, class_name: names } = await detector.detect(frame);
      found.push(xyxy.map((box, at) => ({ class: names[at] ?? '', box })));
      times.push(frame.ptsS);
    }
    const decoded = { frames: frames.framesRead, endS: frames.endS, brokenBy: frames.brokenBy?.message ?? null };
    return { info, found, times, warnings: shortfall(info, decoded) };
  }

  /** Boxes of the film in a picture of another size. */
  function inSize(frames: readonly (readonly Marked[])[], [width, height]: readonly [number, number]): Marked[][] {
    const to = ([x1, y1, x2, y2]: Box): Box => [
      (x1 * width) / 1280,
      (y1 * height) / 720,
      (x2 * width) / 1280,
      (y2 * height) / 720,
    ];
    return frames.map((objects) => objects.map((object) => ({ ...object, box: to(object.box) })));
  }

  function furthest(times: readonly number[], others: readonly number[]): number {
    return Math.max(...times.map((time, at) => Math.abs(time - (others[at] ?? NaN))));
  }

  test.each(ways)(
    'of $file lie right, at their times, in every frame',
    async ({ file, args, size, turned = 0, shown }) => {
      const options = [...quick, ...args, '-frames:v', `${shownFrames}`];
      let path = await media.make(file, '-t', '2', '-i', sampleFiles.video, ...options);
      if (turned > 0) path = await media.make(`as-${file}`, '-i', path, '-c', 'copy', ...asTurned(turned));
      const { info, found, times, warnings } = await seenIn(path);
      const count = await packetCount(path);
      const [plain, all] = [scene.plain, scene.all].map((frames) =>
        inSize(frames.filter((_, at) => shown?.(at) ?? true).slice(0, count), size),
      ) as [Marked[][], Marked[][]];
      expect(info).toMatchObject({ width: size[0], height: size[1], rotation: turned, frames: plain.length });
      expect(found).toHaveLength(plain.length);
      // A file without an edit list keeps the delay of its first frame.
      const [first = NaN] = times;
      expect(first).toBeLessThan(0.1);
      expect(
        furthest(
          times,
          (await shownTimes(path)).map((time) => first + time),
        ),
      ).toBeLessThan(0.0015);
      expect(recall(plain, found, 0.7)).toBeGreaterThan(0.95);
      expect(recall(found, all, 0.5)).toBeGreaterThan(0.95);
      expect(warnings).toEqual([]);
    },
  );

  test('of a file whose edit list begins later are those that are shown', async () => {
    const whole = await media.make('whole.mp4', '-t', '3', '-i', sampleFiles.video, ...quick);
    const cut = await media.make('cut.mp4', '-ss', '1', '-i', whole, '-c', 'copy');
    const { found, times, warnings } = await seenIn(cut);
    expect(times).toHaveLength(50);
    expect(furthest(times, await shownTimes(cut))).toBeLessThan(0.0015);
    expect(recall(scene.plain.slice(25, 75), found, 0.7)).toBeGreaterThan(0.95);
    expect(warnings).toEqual([]);
  });
});
