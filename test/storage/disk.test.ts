// The watch on a real, small disk: what it counts, whom it holds, whom it refuses.
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { Disk } from '../../appliance/daemon/storage/disk.ts';
import type { Limits } from '../../appliance/daemon/storage/levels.ts';
import { Usage } from '../../appliance/daemon/storage/usage.ts';
import { makeJob } from '../support/job.ts';
import { fillDisk, smallDisk, whyNoDisk } from '../support/small-disk.ts';
import { tempData } from '../support/temp-data.ts';

const noDisk = whyNoDisk();
if (noDisk !== null) process.stderr.write(`SKIPPED part of test/storage/disk: no disk can be mounted: ${noDisk}\n`);

const mb = 1_000_000;
const log = pino({ level: 'silent' });

async function openDisk(data: string, limits: Partial<Limits>) {
  const folders = { data, jobs: join(data, 'jobs'), uploads: join(data, 'uploads'), backups: join(data, 'backups') };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const stream = new EventStream({ log });
  const usage = new Usage({ folder: folders.jobs, stream, log });
  const holds: (string | null)[] = [];
  const waiting = new Set<() => void>();
  let changes = 0;
  const disk = new Disk({
    folders,
    usage,
    limits: { reserve: 1, uploads: null, artifacts: null, ...limits },
    hold: (reason) => holds.push(reason),
    onChange: () => {
      changes += 1;
      for (const check of waiting) check();
    },
    log,
  });
  onTestFinished(async () => {
    await disk.close();
    await usage.close();
  });
  await usage.count([]);
  await disk.open();
  const until = (fits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = () => {
        if (!fits()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  /** As the jobs room does it: the files first, then the event. */
  const putJob = (files: Readonly<Record<string, number>>, id = randomUUID()): string => {
    mkdirSync(join(folders.jobs, id), { recursive: true });
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folders.jobs, id, name), Buffer.alloc(bytes));
    stream.emit({ kind: 'job-changed', job: makeJob({ id, status: 'pending' }) });
    return id;
  };
  return { disk, usage, stream, folders, holds, until, putJob, changes: () => changes };
}

describe.skipIf(noDisk !== null)('below the reserve', () => {
  test('jobs are held with the reason, uploads are refused with the numbers, and both end by themselves', async () => {
    const data = smallDisk(32);
    const { disk, holds, until } = await openDisk(data, { reserve: 10 * mb });
    expect(disk.view).toMatchObject({ state: 'ok', reserve_bytes: 10 * mb });
    expect([disk.complaint, disk.obstacle, holds]).toEqual([null, null, []]);

    fillDisk(data, 6 * mb);
    await until(() => disk.low);
    expect(disk.view).toMatchObject({ state: 'low' });
    expect(disk.complaint).toMatch(/^The disk is nearly full: 6\.\d\d MB are free, and 10\.0 MB must stay free\./);
    expect(disk.obstacle).toBe(disk.complaint);
    await expect(disk.admit(1)).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('1 B more are needed') as string,
    });

    rmSync(join(data, 'filling'));
    await until(() => !disk.low);
    expect(holds).toEqual([expect.stringContaining('less than 10.0 MB is free'), null]);
    expect(disk.complaint).toBeNull();
    await disk.admit(mb);
  });

  test('is where it starts: jobs are held before the first one could begin', async () => {
    const data = smallDisk(8);
    const { disk, holds } = await openDisk(data, { reserve: 20 * mb });
    expect(disk.low).toBe(true);
    expect(holds).toHaveLength(1);
  });

  test('two uploads that fit one by one are not both taken in', async () => {
    const { disk } = await openDisk(smallDisk(32), { reserve: 10 * mb });
    const [first, second] = [{}, {}];
    await disk.admit(15 * mb, first);
    await expect(disk.admit(15 * mb, second)).rejects.toThrow('15.0 MB are promised to other uploads');
    await disk.admit(14 * mb, first); // asks again for what is left to come
    disk.release(first);
    await disk.admit(15 * mb, second);
  });
});

describe('quotas', () => {
  test('of videos count inputs and uploads on their way, refuse the next upload, and hold no job', async () => {
    const { disk, usage, folders, holds, putJob, until } = await openDisk(tempData(), { uploads: 5 * mb });
    putJob({ input: 2 * mb, 'frames.ndjson': mb });
    writeFileSync(join(folders.uploads, 'coming.part'), Buffer.alloc(mb / 2));
    mkdirSync(join(folders.uploads, 'resumable'));
    writeFileSync(join(folders.uploads, 'resumable', 'resting.part'), Buffer.alloc(mb / 2));
    await expect(disk.admit(2.5 * mb)).rejects.toThrow(
      '3.00 MB of their quota of 5.00 MB, and 2.50 MB more are needed',
    );
    await disk.admit(2 * mb);
    expect([usage.input, usage.artifacts]).toEqual([2 * mb, mb]);

    putJob({ input: 3 * mb });
    await until(() => disk.low);
    expect(disk.complaint).toContain('Videos hold 6.00 MB of their quota of 5.00 MB');
    expect([disk.obstacle, holds]).toEqual([null, []]);
  });

  test('of results hold jobs until some are removed', async () => {
    const { disk, stream, folders, holds, putJob, until } = await openDisk(tempData(), { artifacts: 5 * mb });
    const id = putJob({ input: mb, 'frames.ndjson': 6 * mb });
    await until(() => disk.low);
    expect(holds).toEqual([expect.stringContaining('Results hold all of their quota of 5.00 MB')]);
    await expect(disk.admit(1)).rejects.toThrow('6.00 MB of their quota of 5.00 MB');

    rmSync(join(folders.jobs, id), { recursive: true });
    stream.emit({ kind: 'job-removed', jobId: id });
    await until(() => !disk.low);
    expect(holds.at(-1)).toBeNull();
    expect(disk.view).toMatchObject({ artifacts: { bytes: 0 }, uploads: { bytes: 0 } });
  });
});

test('what lies there at the start is counted once, and only what changed again', async () => {
  const { usage, folders, stream, putJob } = await openDisk(tempData(), {});
  const ids = Array.from({ length: 40 }, () => randomUUID());
  for (const id of ids) {
    mkdirSync(join(folders.jobs, id));
    writeFileSync(join(folders.jobs, id, 'input'), Buffer.alloc(1000));
    writeFileSync(join(folders.jobs, id, 'summary.json'), Buffer.alloc(10));
  }
  await usage.count(ids);
  expect([usage.input, usage.artifacts]).toEqual([40_000, 400]);
  expect([...usage.withInput()]).toHaveLength(40);
  putJob({ input: 500 }, ids[0]);
  stream.emit({ kind: 'job-removed', jobId: ids[1] ?? '' });
  await usage.settled();
  expect([usage.input, usage.artifacts]).toEqual([38_500, 390]);
});

test('no file can have more than the disk less its reserve, or than the quota of videos', async () => {
  const { disk } = await openDisk(tempData(), { reserve: 10 * mb });
  const all = await disk.most();
  expect(all).toBeGreaterThan(disk.numbers?.free ?? Infinity);
  disk.setLimits({ reserve: 12 * mb, uploads: null, artifacts: null });
  expect(await disk.most()).toBe(all - 2 * mb);
  disk.setLimits({ reserve: 12 * mb, uploads: 5 * mb, artifacts: null });
  expect(await disk.most()).toBe(5 * mb);
});
