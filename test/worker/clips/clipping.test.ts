// The stage itself, on a video of the tests and on a real one: what was found, clips and pictures, and what it says of the rest.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobFiles } from '../../../appliance/contract/frame.ts';
import { ClipRule } from '../../../appliance/contract/plan.ts';
import { openClipper } from '../../../appliance/worker/clips/clipping.ts';
import type { Followed } from '../../../appliance/worker/follower.ts';
import { platforms } from '../../../appliance/worker/ingest/pipeline.ts';
import { probe } from '../../../appliance/worker/ingest/probe.ts';
import { everything } from '../../support/everything.ts';
import { workOf } from '../../support/work.ts';
import { MediaFolder, noFfmpeg } from '../../support/worker-media.ts';
import { Cutting, decodeWhole, packets } from './cutting.ts';

// eslint-disable-next-line no-restricted-properties -- where the material lies is the tester's setting, not the product's
const real = process.env['VEDETTE_REAL'] ?? resolve(import.meta.dirname, '../../../../shared/real');
const person = join(real, 'one-by-one-person-detection.mp4');

describe.skipIf(noFfmpeg !== null)(`the stage of the clips${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let cutting: Cutting;
  beforeAll(async () => {
    media = await MediaFolder.open();
    cutting = new Cutting();
  });
  afterAll(async () => {
    cutting.close();
    await media.close();
  });

  /** Runs the stage behind an analysis at `rate` lines a second that found what `seen` says at each time. */
  async function clip(path: string, rules: readonly ClipRule[], rate: number, seen: (atS: number) => number | null) {
    const { player, signal, disk, log } = cutting;
    const platform = platforms.software;
    const probed = await probe({ path, stallMs: 10_000, player, platform, signal });
    const artifactDir = media.file(`job-${String(Math.random()).slice(2)}`);
    mkdirSync(artifactDir);
    const lines = Array.from({ length: Math.round(probed.info.duration_s * rate) }, (_, index) => {
      const confidence = seen(index / rate);
      const one = confidence === null ? [] : [confidence];
      const found = {
        xyxy: one.map(() => [0, 0, 9, 9]),
        confidence: one,
        class_id: one.map(() => 0),
        class_name: one.map(() => 'person'),
      };
      return JSON.stringify({ frame_index: index, pts_s: index / rate, detections: found });
    });
    writeFileSync(join(artifactDir, jobFiles.frames), `${lines.join('\n')}\n`);
    const shares: number[] = [];
    const work = { ...workOf('video_player_detection'), clips: [...rules], detection: everything() };
    const follower = await openClipper({
      start: { type: 'start', jobId: 'job', inputPath: path, artifactDir, ...work, stallMs: 10_000, mayJump: true },
      probed,
      decoding: { path, player, platform, stallMs: 10_000, signal, width: 64, height: 64 },
      continued: 0,
      disk,
      passage: () => null,
      log,
    });
    let followed: Followed;
    try {
      followed = await follower.finish((share) => shares.push(share));
    } finally {
      await follower.close();
    }
    return { ...followed, clips: followed.products.clips ?? [], shares, artifactDir };
  }

  const rule = (more: Partial<ClipRule> = {}) => ClipRule.parse({ class: 'person', ...more });

  test('cuts each moment, with the picture of its best frame, and tells how far it is', async () => {
    // Its colour says the time: black at the beginning, white at the end.
    const grey = ['-f', 'lavfi', '-i', "color=black:s=160x96:r=25:d=12,geq=lum='16+T*18':cb=128:cr=128"];
    const path = await media.make(
      'grey.mp4',
      ...grey,
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-g',
      '50',
      '-pix_fmt',
      'yuv420p',
    );
    const seen = (atS: number) =>
      Math.abs(atS - 4) < 1 || Math.abs(atS - 9) < 1 ? (Math.abs(atS - 9.4) < 0.01 ? 0.97 : 0.8) : null;
    const { clips, warnings, shares, artifactDir } = await clip(
      path,
      [rule({ pre_roll_s: 1, post_roll_s: 1 })],
      25,
      seen,
    );
    expect(warnings).toEqual([]);
    expect(clips).toMatchObject([
      { number: 1, class: 'person', best: 0.8, poster: true },
      { number: 2, class: 'person', best: 0.97, poster: true, type: 'video/mp4' },
    ]);
    const made = ['clip-0001.jpg', 'clip-0001.mp4', 'clip-0002.jpg', 'clip-0002.mp4'];
    expect(readdirSync(artifactDir).filter((name) => name.startsWith('clip'))).toEqual(made);
    await decodeWhole(join(artifactDir, 'clip-0002.mp4'));
    const light = await luminance(join(artifactDir, 'clip-0002.jpg'));
    expect(Math.abs(light - 9.4 * 18 * (255 / 219)), 'is the frame at 9.4 s').toBeLessThan(6);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  test('a job whose video cannot be cut has a warning and no clip, and one in which nothing is seen has neither', async () => {
    const path = await media.make('raw.avi', ...media.pattern('64x48', 10, 3), '-c:v', 'rawvideo');
    const { clips, warnings, artifactDir } = await clip(path, [rule()], 10, () => 0.9);
    expect([clips, warnings]).toEqual([[], ['1 of 1 clips could not be cut from this raw video.']]);
    expect(readdirSync(artifactDir)).toEqual([jobFiles.frames]);
    expect(await clip(path, [rule()], 10, () => null)).toMatchObject({ clips: [], warnings: [] });
    expect(await clip(path, [], 10, () => 0.9)).toMatchObject({ clips: [], warnings: [] });
  });

  test.skipIf(!existsSync(person))(
    `a real video is cut as it is${existsSync(person) ? '' : ` (no ${person})`}`,
    async () => {
      const seen = (atS: number) => (atS > 3 && atS < 6 ? 0.9 : null);
      const { clips, artifactDir } = await clip(person, [rule()], 10, seen);
      expect(clips).toMatchObject([{ number: 1, type: 'video/mp4', poster: true }]);
      const path = join(artifactDir, 'clip-0001.mp4');
      await decodeWhole(path);
      const [of, from] = [await packets(path, 'v:0'), await packets(person, 'v:0')];
      const begin = from.findIndex(({ hash }) => hash === of[0]?.hash);
      expect(of.map(({ hash }) => hash)).toEqual(from.slice(begin, begin + of.length).map(({ hash }) => hash));
      expect(readFileSync(join(artifactDir, 'clip-0001.jpg')).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    },
  );
});

/** Of the middle of a picture, 0..255. */
async function luminance(path: string): Promise<number> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const args = ['-v', 'error', '-i', path, '-vf', 'scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout } = await promisify(execFile)('ffmpeg', args, { encoding: 'buffer' });
  return stdout[0] ?? -1;
}
