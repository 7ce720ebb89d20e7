import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobFiles, type DetectionFrame } from '../../appliance/contract/frame.ts';
import { Artifact } from '../../appliance/worker/artifact.ts';

const summary = { total_frames: 0, total_detections: 0, classes: {}, fps: 25, duration_s: 0 };

function frame(index: number, boxes = 0): DetectionFrame {
  const each = <T>(value: T): T[] => Array.from({ length: boxes }, () => value);
  return {
    frame_index: index,
    pts_s: index / 25,
    detections: {
      xyxy: each<[number, number, number, number]>([1, 2, 3, 4]),
      confidence: each(0.5),
      class_id: each(0),
      class_name: each('café'),
    },
  };
}

describe('the artifact', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'vedette-artifact-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('holds every line in order, and counts lines and bytes, not characters', async () => {
    const artifact = await Artifact.open(directory);
    for (let index = 0; index < 3000; index++) await artifact.append(frame(index, index % 5));
    const written = await artifact.finish(summary);
    await artifact.close();
    const bytes = await readFile(join(directory, jobFiles.frames));
    const lines = bytes.toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as DetectionFrame).frame_index)).toEqual([...Array(3000).keys()]);
    expect(written).toEqual({ frames: 3000, bytes: bytes.length });
    expect(JSON.parse(await readFile(join(directory, jobFiles.summary), 'utf8'))).toEqual(summary);
    expect(existsSync(join(directory, `${jobFiles.summary}.part`))).toBe(false);
  });

  test('that is given up keeps whole lines and has no summary', async () => {
    const artifact = await Artifact.open(directory);
    for (let index = 0; index < 7; index++) await artifact.append(frame(index));
    await artifact.close();
    const text = await readFile(join(directory, jobFiles.frames), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(7);
    expect(text.endsWith('\n')).toBe(true);
    expect(existsSync(join(directory, jobFiles.summary))).toBe(false);
  });

  test('of a job that runs again starts anew', async () => {
    for (const count of [5, 2]) {
      const artifact = await Artifact.open(directory);
      for (let index = 0; index < count; index++) await artifact.append(frame(index));
      expect(await artifact.finish(summary)).toMatchObject({ frames: count });
      await artifact.close();
    }
    expect((await readFile(join(directory, jobFiles.frames), 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  test.skipIf(!existsSync('/dev/full'))('on a full disk fails as such', async () => {
    await symlink('/dev/full', join(directory, jobFiles.frames));
    const artifact = await Artifact.open(directory);
    await artifact.append(frame(0));
    const full = { code: 'artifact-failed', message: 'The result could not be written: the disk is full.' };
    await expect(artifact.finish(summary)).rejects.toMatchObject(full);
    await artifact.close();
  });
});
