import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open as openFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jobFiles, type DetectionFrame } from '../../appliance/contract/frame.ts';
import { Fault } from '../../appliance/contract/fault.ts';
import { Artifact } from '../../appliance/worker/artifact.ts';
import { Disk } from '../../appliance/worker/disk.ts';

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
  const held: (string | null)[] = [];
  let leaving: AbortController;
  const open = (kept = { frames: 0, bytes: 0 }) => {
    const disk = new Disk({ signal: leaving.signal, onHeld: (reason) => held.push(reason), retryMs: 20 });
    return Artifact.open({ directory, kept, disk });
  };
  beforeEach(async () => {
    held.length = 0;
    leaving = new AbortController();
    directory = await mkdtemp(join(tmpdir(), 'vedette-artifact-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('holds every line in order, and counts lines and bytes, not characters', async () => {
    const artifact = await open();
    for (let index = 0; index < 3000; index++) await artifact.append(frame(index, index % 5));
    const written = await artifact.finish(summary);
    await artifact.close();
    const bytes = await readFile(join(directory, jobFiles.frames));
    const lines = bytes.toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as DetectionFrame).frame_index)).toEqual([...Array(3000).keys()]);
    expect(written).toEqual({ frames: 3000, bytes: bytes.length });
    expect(JSON.parse(await readFile(join(directory, jobFiles.summary), 'utf8'))).toEqual(summary);
  });

  test('that is given up keeps whole lines and has no summary', async () => {
    const artifact = await open();
    for (let index = 0; index < 7; index++) await artifact.append(frame(index));
    await artifact.flush();
    await artifact.close();
    const text = await readFile(join(directory, jobFiles.frames), 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(7);
    expect(text.endsWith('\n')).toBe(true);
    expect(existsSync(join(directory, jobFiles.summary))).toBe(false);
  });

  test('of a job that runs again starts anew', async () => {
    for (const count of [5, 2]) {
      const artifact = await open();
      for (let index = 0; index < count; index++) await artifact.append(frame(index));
      expect(await artifact.finish(summary)).toMatchObject({ frames: count });
      await artifact.close();
    }
    expect((await readFile(join(directory, jobFiles.frames), 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  test('goes on behind what is kept, and cuts off what lies behind that', async () => {
    const first = await open();
    await first.append(frame(0));
    const kept = await first.flush();
    await first.append(frame(1));
    await first.flush();
    await first.close();
    const second = await open(kept);
    await second.append(frame(7));
    const written = await second.finish(summary);
    await second.close();
    const text = await readFile(join(directory, jobFiles.frames), 'utf8');
    expect(text).toBe([frame(0), frame(7)].map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect(written).toEqual({ frames: 2, bytes: Buffer.byteLength(text) });
  });

  test.skipIf(!existsSync('/dev/full'))(
    'waits on a full disk, says so once, and gives up when it is told to',
    async () => {
      const disk = new Disk({ signal: leaving.signal, onHeld: (reason) => held.push(reason), retryMs: 20 });
      const full = await openFile('/dev/full', 'r+');
      const writing = disk.write(() => full.write('line'));
      await expect.poll(() => held).toEqual(['It waits for room: the disk is full.']);
      leaving.abort(new Fault('cancelled', 'Cancelled'));
      await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
      expect(held.at(-1)).toBeNull();
      await full.close();
    },
  );

  test('that another reason than room keeps from being written fails with it', async () => {
    await rm(directory, { recursive: true });
    await expect(open()).rejects.toMatchObject({
      code: 'artifact-failed',
      message: 'The result could not be written: the folder is gone.',
    });
    await mkdir(directory);
  });
});
