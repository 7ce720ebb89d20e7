// Backups beside a writer, and the nights on which the daemon makes them.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { backUp } from '../../appliance/daemon/record/backup.ts';
import { listBackups } from '../../appliance/daemon/record/backup-folder.ts';
import { Backups, type BackupsOptions } from '../../appliance/daemon/record/backups.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { inspect } from '../../appliance/daemon/record/inspect.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { makeJob } from '../support/job.ts';
import { filled } from './filled.ts';

const entry = new URL('../../appliance/daemon/backup.ts', import.meta.url);

const patience = { timeout: 20_000 };

afterEach(() => void vi.useRealTimers());

/** Only the clock is not real. */
function clock(time: string): void {
  vi.useFakeTimers({ now: new Date(time), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
}

function openBackups(data: ReturnType<typeof filled>, options: Partial<BackupsOptions> = {}) {
  const changed = vi.fn<() => void>();
  const { database, backups: folder, kept, log } = data;
  const backups = new Backups({
    ...{ database, folder, kept, log, entry, worthwhile: () => true, onChange: changed },
    ...options,
  });
  onTestFinished(() => backups.close());
  const names = async () => (await listBackups(folder)).map(({ name }) => name);
  const count = async () => (await names()).length;
  return { backups, names, count, changed };
}

test('a backup beside a daemon that goes on writing is whole, one file, and holds up nobody', async () => {
  const data = filled(1000);
  const opened = openDatabase(data.database, data.migrations);
  onTestFinished(() => opened.close());
  const store = new JobStore(opened);
  const { backups, count } = openBackups(data);
  const late = monitorEventLoopDelay({ resolution: 1 });
  let written = 0;
  backups.open();
  late.enable();
  while ((await count()) === 0) {
    store.saveProgress({ ...makeJob({ id: data.added[0]?.id ?? '' }), progress: written % 100 });
    written += 1;
    await setTimeout(2);
  }
  late.disable();
  const [backup] = await listBackups(data.backups);
  expect(await inspect(backup?.path ?? '')).toMatchObject({ state: 'sound', jobs: 1000 });
  expect(readdirSync(data.backups)).toEqual([backup?.name]);
  expect(written).toBeGreaterThan(20);
  // The machine that runs the tests is busy with others; what counts is that no copying is done in this process.
  expect(late.percentile(90) / 1e6).toBeLessThan(10);
});

test('whether and how many are kept is said anew while it runs', patience, async () => {
  const data = filled(5);
  const { backups, count } = openBackups(data, { kept: 0 });
  backups.open();
  await backups.make();
  await backups.make();
  expect(await count()).toBe(2);
  backups.setKept(1);
  await backups.make();
  expect([backups.kept, await count()]).toEqual([1, 1]);
});

test('none is made by night until some are kept', patience, async () => {
  clock('2026-03-10T12:00:00');
  const { backups, count } = openBackups(filled(5), { kept: 0 });
  backups.open();
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), patience);
  expect(await count()).toBe(0);
  backups.setKept(2);
  await vi.waitFor(async () => expect(await count()).toBe(1), patience);
});

test('one is made at the start where the last night has none, one every night, and the newest stay', async () => {
  clock('2026-03-10T12:00:00');
  const data = filled(5);
  const { backups, names, count } = openBackups(data, { kept: 2 });
  backups.open();
  await vi.waitFor(async () => expect(await count()).toBe(1), patience);
  const [first] = await names();
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), patience);
  await night('2026-03-11T03:00:00');
  await vi.waitFor(async () => expect(await count()).toBe(2), patience);
  expect(await names()).toContain(first);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), patience);
  await night('2026-03-12T03:00:00');
  await vi.waitFor(async () => expect(await names()).not.toContain(first), patience);
  expect(await count()).toBe(2);

  /** On to that time, in the steps in which the daemon looks at its clock. */
  async function night(time: string) {
    const before = await names();
    while (Date.now() < new Date(time).getTime()) {
      expect(await names()).toEqual(before);
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), patience);
      await vi.advanceTimersToNextTimerAsync();
    }
  }
});

test('no second one is made for a night that has one, nor any where there is nothing to save or none is wanted', async () => {
  clock('2026-03-10T12:00:00');
  const data = filled(5);
  mkdirSync(data.backups);
  for (const options of [{ kept: 0 }, { worthwhile: () => false }]) {
    const { backups } = openBackups(data, options);
    backups.open();
    await backups.close();
  }
  expect(readdirSync(data.backups)).toEqual([]);
  const made = `vedette-${new Date('2026-03-10T04:00:00').toISOString().replaceAll(/[-:]/g, '')}.db`;
  writeFileSync(join(data.backups, made), '');
  // Of a clock that was wrong: not the newest, and not in the way of one that is missing.
  writeFileSync(join(data.backups, 'vedette-20991231T000000.000Z.db'), '');
  const { backups, count } = openBackups(data);
  backups.open();
  await backups.close();
  expect(await count()).toBe(2);
});

test('a backup that fails is complained of until one succeeds, and leaves nothing half made', async () => {
  clock('2026-03-10T12:00:00');
  const data = filled(5);
  writeFileSync(data.backups, 'a file where the folder should be');
  const { backups, count, changed } = openBackups(data);
  backups.open();
  await vi.waitFor(() => expect(backups.complaint).toMatch(/backup of the database failed/), patience);
  expect(changed).toHaveBeenCalledOnce();
  await expect(backups.make()).rejects.toMatchObject({ code: 'data-not-writable' });
  rmSync(data.backups);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), patience);
  await vi.advanceTimersToNextTimerAsync();
  await vi.waitFor(() => expect(backups.complaint).toBeNull(), patience);
  expect(await count()).toBe(1);

  const damaged = filled(0);
  writeFileSync(damaged.database, 'x'.repeat(10_000));
  const other = openBackups(damaged);
  other.backups.open();
  await vi.waitFor(() => expect(other.backups.complaint).toMatch(/found it damaged/), patience);
  await expect(other.backups.make()).rejects.toMatchObject({ code: 'database-unusable' });
  expect(readdirSync(damaged.backups)).toEqual([]);
});

test('one that is asked for is made at once and kept among the newest, and not a second one beside it', async () => {
  const data = filled(5);
  const { backups, names } = openBackups(data, { kept: 2 });
  const first = await backups.make();
  const [second, refused] = await Promise.allSettled([backups.make(), backups.make()]);
  expect(second).toMatchObject({ status: 'fulfilled' });
  expect(refused).toMatchObject({ reason: { code: 'busy' } });
  const third = await backups.make();
  expect(await names()).toHaveLength(2);
  expect(await names()).not.toContain(first.name);
  expect((await backups.list())[0]).toEqual(third);
  const cutOff = backups.make();
  await backups.close();
  await expect(cutOff).rejects.toThrow('Vedette is stopping');
  expect(await names()).toHaveLength(2);
});

test('a file that is there is only overwritten when that is said, and a failed backup does not touch it', async () => {
  const data = filled(5);
  const file = join(data.folder, 'mine.db');
  writeFileSync(file, 'precious');
  await expect(backUp({ database: data.database, file, overwrite: false })).rejects.toThrow(/is there already/);
  const missing = join(data.folder, 'missing.db');
  await expect(backUp({ database: missing, file, overwrite: true })).rejects.toThrow(/There is no database/);
  expect(existsSync(missing)).toBe(false);
  expect(await backUp({ database: data.database, file, overwrite: true })).toEqual({ jobs: 5 });
  expect(await inspect(file)).toMatchObject({ state: 'sound', jobs: 5 });
});
