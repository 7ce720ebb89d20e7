// The tracking tool on the bundled film with the bundled model: its lines, who is who in them, and that an interruption
// leaves no trace.
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Box, jobFiles, TrackedFrame } from '../../../appliance/contract/frame.ts';
import { readCheckpoint } from '../../../appliance/worker/checkpoint.ts';
import { Model } from '../../../appliance/worker/infer/model.ts';
import { TrackerMemory } from '../../../appliance/worker/infer/track/memory.ts';
import { videoPlayerTracking } from '../../../appliance/worker/tools/tracking.ts';
import { overlap } from '../matching.ts';
import { hota, idf1, type Known } from './score.ts';
import { linesIn, track, type TrackOptions } from './work.ts';

const models = resolve(import.meta.dirname, '../../../models');
const files = ['demo.onnx', 'demo/sample.mp4', 'demo/sample.truth.json'].map((name) => resolve(models, name));
const [modelFile = '', video = '', truthFile = ''] = files;
const missing = files.filter((file) => !existsSync(file));
const skip = missing.length === 0 ? null : `missing ${missing.join(', ')}`;

const Truth = z.object({
  frames: z.array(
    z.object({ objects: z.array(z.object({ class: z.string(), xyxy: Box, ignore: z.boolean().optional() })) }),
  ),
});
type Truth = z.infer<typeof Truth>;

interface Judged extends Known {
  readonly class: string;
  readonly ignore: boolean;
}

/** The truth names no identities, but its boxes have no noise and move by a few pixels: each is the one it overlaps most. */
function identified({ frames }: Truth): (readonly Judged[])[] {
  let next = 1;
  let last: readonly Judged[] = [];
  return frames.map(({ objects }) => {
    const free = new Set(last);
    last = objects.map((object) => {
      const [best] = [...free]
        .filter((one) => one.class === object.class && overlap(one.box, object.xyxy) > 0.3)
        .sort((a, b) => overlap(b.box, object.xyxy) - overlap(a.box, object.xyxy));
      if (best) free.delete(best);
      return { id: best?.id ?? next++, box: object.xyxy, class: object.class, ignore: object.ignore === true };
    });
    return last;
  });
}

describe.skipIf(skip !== null)(`tracking the bundled film${skip === null ? '' : ` (${skip})`}`, () => {
  let model: Model;
  let expected: string;
  let summary: Awaited<ReturnType<typeof track>>;
  const reports: (readonly [number, number | null])[] = [];
  beforeAll(async () => {
    model = await Model.load({ name: 'demo', path: modelFile, providers: ['cpu'], threads: 1 });
    const directory = await mkdtemp(join(tmpdir(), 'vedette-track-'));
    summary = await work({ directory, onProgress: (frame, total) => void reports.push([frame, total]) });
    expected = await linesIn(directory);
    await rm(directory, { recursive: true });
  }, 120_000);

  const work = (options: Pick<TrackOptions, 'directory'> & Partial<TrackOptions>) =>
    track({ video, model, ...options });

  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'vedette-track-'));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  test('has a line for each frame, ids without a gap, and a summary that agrees with the lines', () => {
    const frames = expected
      .trimEnd()
      .split('\n')
      .map((line) => TrackedFrame.strict().parse(JSON.parse(line)));
    expect(frames.map(({ frame_index: index }) => index)).toEqual([...Array(350).keys()]);
    const objects = frames.flatMap(({ detections }) => detections.tracked_objects);
    const ids = new Set(objects.map(({ track_id: id }) => id));
    expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: ids.size }, (_, at) => at + 1));
    expect(summary).toMatchObject({ total_frames: 350, total_detections: objects.length, fps: 25 });
    expect(Object.values(summary.tracks ?? {}).reduce((sum, count) => sum + count, 0)).toBe(ids.size);
    // Below the job's threshold is only what goes on.
    const scores = objects.map(({ confidence }) => confidence);
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0.1);
    expect(Math.min(...scores)).toBeLessThan(0.25);
    expect(reports).toEqual(Array.from({ length: 350 }, (_, at) => [at + 1, 350]));
  });

  test('keeps who is who', async () => {
    const truth = identified(Truth.parse(JSON.parse(await readFile(truthFile, 'utf8'))));
    const scored = expected
      .trimEnd()
      .split('\n')
      .map((line, at) => {
        const { detections } = TrackedFrame.parse(JSON.parse(line));
        const found = detections.tracked_objects.map(({ track_id: id, xyxy: box }) => ({ id, box }));
        const all = truth[at] ?? [];
        // What the truth does not judge counts neither way.
        const unjudged = all.filter(({ ignore }) => ignore);
        const judged = found.filter(({ box }) => !unjudged.some((one) => overlap(one.box, box) >= 0.5));
        return { truth: all.filter(({ ignore }) => !ignore), found: judged };
      });
    const { hota: score, detA, assA } = hota(scored);
    const figures = [idf1(scored), score, detA, assA].map((value) => value.toFixed(3));
    process.stdout.write(`sample: IDF1, HOTA, DetA, AssA ${figures.join(', ')}\n`);
    expect(idf1(scored)).toBeGreaterThanOrEqual(0.95);
    expect(score).toBeGreaterThanOrEqual(0.8);
  });

  test('leaves the same lines and summary when it is cut off again and again', { timeout: 120_000 }, async () => {
    const directory = await folder();
    for (const stopAt of [1, 2, 87, 203, 349]) {
      await expect(work({ directory, stopAt })).rejects.toMatchObject({ code: 'cancelled' });
      const checkpoint = await readCheckpoint(directory);
      expect(checkpoint?.place.frames).toBe(stopAt);
      expect(TrackerMemory.parse(checkpoint?.memory[videoPlayerTracking.id]).ptsS).toBeCloseTo((stopAt - 1) / 25, 3);
    }
    expect(await work({ directory })).toEqual(summary);
    expect(await linesIn(directory)).toBe(expected);
  });

  test('leaves the same lines when it is killed behind its checkpoint', { timeout: 120_000 }, async () => {
    const directory = await folder();
    const checkpoints = [jobFiles.checkpointA, jobFiles.checkpointB].map((name) => join(directory, name));
    await expect(work({ directory, stopAt: 120 })).rejects.toMatchObject({ code: 'cancelled' });
    const before = await Promise.all(checkpoints.map((path) => readFile(path).catch(() => '')));
    await expect(work({ directory, stopAt: 200 })).rejects.toMatchObject({ code: 'cancelled' });
    // As a kill leaves it: lines behind the checkpoint, the last of them torn.
    await Promise.all(checkpoints.map((path, at) => writeFile(path, before[at] ?? '')));
    await appendFile(join(directory, jobFiles.frames), '{"frame_index":200,"pts');
    expect((await readCheckpoint(directory))?.place.frames).toBe(120);
    expect(await work({ directory })).toEqual(summary);
    expect(await linesIn(directory)).toBe(expected);
  });

  test('starts over where its memory is of another release', { timeout: 120_000 }, async () => {
    const directory = await folder();
    await expect(work({ directory, stopAt: 60 })).rejects.toMatchObject({ code: 'cancelled' });
    const checkpoint = await readCheckpoint(directory);
    for (const name of [jobFiles.checkpointA, jobFiles.checkpointB])
      await writeFile(
        join(directory, name),
        JSON.stringify({ ...checkpoint, memory: { [videoPlayerTracking.id]: { version: 0 } } }),
      );
    const frames: number[] = [];
    const onProgress = (frame: number) => void frames.push(frame);
    await expect(work({ directory, stopAt: 80, onProgress })).rejects.toMatchObject({ code: 'cancelled' });
    expect(expected.startsWith(await linesIn(directory))).toBe(true);
    expect(frames[0]).toBe(1);
  });
});
