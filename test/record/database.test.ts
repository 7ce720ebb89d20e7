// The database file: migrations on a real file, rows of an earlier release, and what goes wrong.
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { toJobStatusView } from '../../appliance/contract/api.ts';
import { makeJob } from '../support/job.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { tempData } from '../support/temp-data.ts';
import { earlierMigrations } from './fixtures/earlier.ts';

test('a database made before the progress column migrates, and its jobs answer progress null', () => {
  const folder = tempData();
  const file = join(folder, 'vedette.db');
  const old = openDatabase(file, earlierMigrations(1, folder));
  old.close();
  const id = '7a1a1b0e-5d5c-4b3f-9a52-0c9d3a2b1c4d';
  const sqlite = new Sqlite(file);
  sqlite
    .prepare(
      `INSERT INTO jobs (id, status, plugin_id, tool, job_type, source_name, source_bytes, source_type, created_at, updated_at)
       VALUES (?, 'completed', 'yolo-tracker', 'video_player_detection', 'video', 'old.mp4', 5, 'video/mp4', 1000, 2000)`,
    )
    .run(id);
  sqlite.close();

  const database = openDatabase(file, migrations);
  const job = new JobStore(database).get(id);
  database.close();
  expect(job && toJobStatusView(job)).toEqual({
    job_id: id,
    status: 'completed',
    progress: null,
    created_at: '1970-01-01T00:00:01.000Z',
    updated_at: '1970-01-01T00:00:02.000Z',
  });
});

test('a job comes back as it was saved', () => {
  const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
  const store = new JobStore(database);
  const summary = { total_frames: 10, total_detections: 3, classes: { ball: 3 }, fps: 25, duration_s: 0.4 };
  const job = makeJob({ status: 'completed', progress: 100, summary, warnings: ['source ends at 1 s of 2 s'] });
  store.insert(makeJob({ id: job.id }));
  store.save(job);
  expect(store.get(job.id)).toMatchObject({ status: 'completed', progress: 100, summary, warnings: job.warnings });
  store.saveProgress({ ...job, progress: 40, updatedAt: 5 });
  expect(store.get(job.id)).toMatchObject({ progress: 40, updatedAt: 5 });
  database.close();
});

test('jobs are listed newest first, by status, in pages', () => {
  const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
  const store = new JobStore(database);
  const made = (['completed', 'failed', 'cancelled', 'pending'] as const).map((status) => makeJob({ status }));
  for (const job of made) store.insert(job);
  const ids = made.map((job) => job.id);
  expect(store.list({ limit: 10, skip: 0 }).map((job) => job.id)).toEqual([...ids].reverse());
  expect(store.list({ limit: 1, skip: 1 }).map((job) => job.id)).toEqual([ids[2]]);
  expect(store.list({ limit: 10, skip: 0, statuses: ['failed', 'cancelled'] }).map((job) => job.id)).toEqual([
    ids[2],
    ids[1],
  ]);
  expect(store.count()).toBe(4);
  expect(store.count(['pending'])).toBe(1);
  expect(store.unfinished().map((job) => job.id)).toEqual([ids[3]]);
  database.close();
});

test('a file that is no database is refused with its name and the reason', () => {
  const folder = tempData();
  const file = join(folder, 'vedette.db');
  writeFileSync(file, 'this is a shopping list, not a database, and long enough to be read as a header of one....');
  expect(() => openDatabase(file, migrations)).toThrow(/vedette\.db cannot be opened: file is not a database/);
  mkdirSync(join(folder, 'a-folder'));
  expect(() => openDatabase(join(folder, 'a-folder'), migrations)).toThrow(/a-folder cannot be opened/);
});

test('a database that a newer release has written is refused with the way out', () => {
  const folder = tempData();
  const file = join(folder, 'vedette.db');
  openDatabase(file, migrations).close();
  expect(() => openDatabase(file, earlierMigrations(1, folder))).toThrow(/newer release .* restore the backup/);
});

test('a database that was closed is one file, though another still reads it', () => {
  const folder = tempData();
  const file = join(folder, 'vedette.db');
  const database = openDatabase(file, migrations);
  expect(database.used()).toBe(false);
  new JobStore(database).insert(makeJob());
  expect(database.used()).toBe(true);
  const reader = new Sqlite(file);
  reader.prepare('SELECT 1 FROM jobs').get();
  database.close();
  copyFileSync(file, join(folder, 'alone.db'));
  reader.close();
  expect(readdirSync(folder).sort()).toEqual(['alone.db', 'vedette.db']);
  const alone = new Sqlite(join(folder, 'alone.db'));
  expect(alone.prepare('SELECT count(*) FROM jobs').pluck().get()).toBe(1);
  alone.close();
});
