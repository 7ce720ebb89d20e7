// A start on a database that is damaged, empty or gone: what is put in its place, and what is kept.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { count } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listBackups } from '../../appliance/daemon/record/backup-folder.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { inspect } from '../../appliance/daemon/record/inspect.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { openRecord, type OpenRecordOptions } from '../../appliance/daemon/record/open.ts';
import { jobs } from '../../appliance/daemon/record/tables.ts';
import { makeJob } from '../support/job.ts';
import { earlierMigrations } from './fixtures/earlier.ts';
import { add, backed, filled, overwrite } from './filled.ts';

/** The start of a daemon, as far as its database goes. */
async function start(options: OpenRecordOptions) {
  const { database, complaint } = await openRecord(options);
  const store = new JobStore(database);
  const ids = store.list({ limit: 1000, skip: 0 }).map((job) => job.id);
  database.close();
  return { ids: ids.reverse(), complaint };
}

const aside = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('vedette.db.corrupt-'));

test('a sound database is opened without a word, and a fresh folder too', async () => {
  const data = filled(5);
  expect(await start(data)).toEqual({ ids: data.added.map(({ id }) => id), complaint: null });
  rmSync(data.database);
  expect(await start(data)).toEqual({ ids: [], complaint: null });
  expect(aside(data.folder)).toEqual([]);
});

test('the newest good backup comes back, bad ones are passed over and named, and the damaged file is kept', async () => {
  const data = filled(300);
  const good = await backed(data);
  const later = add(data.database, 1);
  const bad = await backed(data);
  overwrite(bad, 8192, Buffer.alloc(8192, 0xa5));
  const empty = join(data.backups, 'vedette-20991231T235959.000Z.db');
  writeFileSync(empty, '');
  overwrite(data.database, 4096 * 9, Buffer.alloc(4096 * 20, 0x5a));
  const damaged = readFileSync(data.database);

  const { ids, complaint } = await start(data);
  expect(ids).toEqual(data.added.map(({ id }) => id));
  expect(ids).not.toContain(later[0]?.id);
  const [kept] = aside(data.folder);
  expect(readFileSync(join(data.folder, kept ?? '')).equals(damaged)).toBe(true);
  expect(complaint).toContain(`is kept as ${kept ?? ''}. The backup ${basename(good)} was restored.`);
  expect(complaint).toMatch(/What happened to jobs after \d{4}-\d\d-\d\d \d\d:\d\d UTC is not in it/);
  expect(complaint).toContain(basename(bad));
  expect(complaint).toContain(`${basename(empty)}: it is empty`);
  expect((await listBackups(data.backups)).map(({ path }) => path)).toEqual([empty, bad, good]);
  expect(readdirSync(data.folder).filter((name) => name.includes('incoming'))).toEqual([]);

  expect((await start(data)).complaint).toBeNull();
});

test.each([
  [
    'a destroyed header',
    (file: string) => overwrite(file, 0, Buffer.alloc(100, 0xff)),
    /is damaged \(.*not a database/,
  ],
  ['a header of another format', (file: string) => overwrite(file, 18, Buffer.from([9])), /is damaged \(.*format/],
  ['half a file', (file: string) => truncateSync(file, 40_000), /is damaged/],
  ['no bytes', (file: string) => truncateSync(file, 0), /was empty/],
  ['no file', (file: string) => rmSync(file), /was missing/],
])('without a backup, %s gives way to a fresh database, as loudly', async (_, damage, said) => {
  const data = filled(100);
  mkdirSync(join(data.jobs, data.added[0]?.id ?? ''));
  damage(data.database);
  const { ids, complaint } = await start(data);
  expect(ids).toEqual([]);
  expect(complaint).toMatch(said);
  expect(complaint).toContain('There was no good backup');
  expect(aside(data.folder)).toHaveLength(said.source === 'was missing' ? 0 : 1);
});

test('the log of a database that was emptied is kept beside it, and not taken for a leftover', async () => {
  const data = filled(3);
  const opened = openDatabase(data.database, data.migrations);
  new JobStore(opened).insert(makeJob());
  const log = readFileSync(`${data.database}-wal`);
  opened.close();
  writeFileSync(data.database, '');
  writeFileSync(`${data.database}-wal`, log);
  expect((await start(data)).complaint).toMatch(/was empty/);
  const kept = aside(data.folder).find((name) => name.endsWith('-wal'));
  expect(readFileSync(join(data.folder, kept ?? '')).equals(log)).toBe(true);
});

test('a start that was cut off between the two renames is finished by the next', async () => {
  const data = filled(20);
  await backed(data);
  writeFileSync(`${data.database}.incoming`, 'half a copy');
  rmSync(data.database);
  expect(await start(data)).toMatchObject({ ids: data.added.map(({ id }) => id) });
  expect(existsSync(`${data.database}.incoming`)).toBe(false);
});

test('a database is backed up before a migration, unless no backups are wanted', async () => {
  const data = filled(0);
  rmSync(data.database);
  const before = { ...data, migrations: earlierMigrations(2, data.folder) };
  openDatabase(data.database, before.migrations).close();
  expect((await start(data)).complaint).toBeNull();
  expect(await listBackups(data.backups)).toEqual([]); // nothing in it to lose

  for (const [kept, made] of [
    [0, 0],
    [7, 1],
  ] as const) {
    rmSync(data.database);
    const opened = openDatabase(data.database, before.migrations);
    opened.tables.run(
      `INSERT INTO jobs (id, status, plugin_id, tool, job_type, source_name, source_bytes, source_type, created_at, updated_at)
       VALUES ('a', 'failed', 'p', 't', 'video', 'n', 1, 'video/mp4', 1, 2)`,
    );
    opened.close();
    expect(await start({ ...data, kept })).toEqual({ ids: ['a'], complaint: null });
    const backups = await listBackups(data.backups);
    expect(backups).toHaveLength(made);
    for (const { path } of backups) expect(await inspect(path)).toMatchObject({ state: 'sound', jobs: 1 });
  }
  const [backup] = await listBackups(data.backups);
  openDatabase(backup?.path ?? '', before.migrations).close(); // the older release can have it back
});

test('a database of somebody else is set aside whole', async () => {
  const data = filled(0);
  rmSync(data.database);
  new Sqlite(data.database).exec('CREATE TABLE cats (name)').close();
  const bytes = readFileSync(data.database);
  expect((await start(data)).complaint).toMatch(/is damaged \(it is no database of Vedette\)/);
  const [kept = ''] = aside(data.folder);
  expect(readFileSync(join(data.folder, kept)).equals(bytes)).toBe(true);
});

test('whatever became of some bytes, the daemon has a database, or says why not', async () => {
  const data = filled(60);
  const whole = readFileSync(data.database);
  const anywhere = fc.oneof(fc.nat(120), fc.nat(8192), fc.nat(whole.length - 1));
  await fc.assert(
    fc.asyncProperty(anywhere, fc.uint8Array({ minLength: 1, maxLength: 40 }), async (at, noise) => {
      writeFileSync(data.database, whole);
      overwrite(data.database, at, Buffer.from(noise));
      const opened = await openRecord(data).catch((error: unknown) => {
        // Of the few bytes that say which migrations the database has had.
        expect(error).toMatchObject({ code: 'database-unusable' });
      });
      if (!opened) return;
      const { database, complaint } = opened;
      const rows = database.tables.select({ count: count() }).from(jobs).get();
      database.close();
      expect(rows).toEqual({ count: complaint === null ? 60 : 0 });
    }),
    { numRuns: 80 },
  );
});
