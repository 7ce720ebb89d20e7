// `vedette backup` and `vedette restore` as processes of their own, beside a real daemon and without one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { add, filled } from '../record/filled.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { startDaemon } from '../support/daemon.ts';
import { program } from '../support/program.ts';
import { tempData } from '../support/temp-data.ts';

vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One command on a data folder, to its end. */
async function vedette(data: string, ...args: string[]) {
  const { entry, execArgv } = program('cli/main');
  const child = spawn(process.execPath, [...execArgv, entry, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // eslint-disable-next-line no-restricted-properties -- the child needs a PATH; settings are given here
    env: { PATH: process.env['PATH'], HOME: data, VEDETTE_CONFIG: '/dev/null', VEDETTE_DATA: data },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

function jobsIn(file: string): string[] {
  const database = openDatabase(file, migrations);
  const jobs = new JobStore(database).list({ limit: 1000, skip: 0 });
  database.close();
  return jobs.map(({ id }) => id).reverse();
}

it('backs up beside a running daemon; restores once it is stopped, and keeps what was there', async () => {
  const data = filled(4);
  const backup = join(tempData(), 'saved.db');
  const daemon = await startDaemon({ folder: data.folder });
  expect(await vedette(data.folder, 'backup', backup)).toEqual({
    code: 0,
    out: `${backup} holds the database with 4 jobs.\n`,
    err: '',
  });
  const refused = await vedette(data.folder, 'restore', backup);
  expect(refused).toMatchObject({ code: 73, out: '' });
  expect(refused.err).toBe(
    'vedette: A Vedette uses this data folder. Stop it first: a database in use cannot be replaced.\n',
  );
  expect(await daemon.stop()).toBe(0);
  expect(readdirSync(data.folder).filter((name) => name.startsWith('vedette.db'))).toEqual(['vedette.db']);

  const [later] = add(data.database, 1);
  const restored = await vedette(data.folder, 'restore', backup);
  expect(restored).toMatchObject({ code: 0, err: '' });
  const aside = / kept as (.*)\.\n$/.exec(restored.out)?.[1] ?? '';
  const before = data.added.map(({ id }) => id);
  expect(jobsIn(data.database)).toEqual(before);
  expect(jobsIn(aside)).toEqual([...before, later?.id]);
});

it('brings a database to a machine that had none', async () => {
  const fixture = join(root, 'test/record/fixtures/0001_progress.sqlite');
  const data = join(tempData(), 'fresh');
  expect(await vedette(data, 'restore', fixture)).toEqual({
    code: 0,
    out: `${join(data, 'vedette.db')} holds 6 jobs again.\n`,
    err: '',
  });
  expect(readdirSync(data).sort()).toEqual(['engines', 'jobs', 'lock', 'models', 'uploads', 'vedette.db']);
});

it('takes the database of a daemon that was killed with what its log holds', async () => {
  const data = filled(2);
  const copied = tempData();
  const opened = openDatabase(data.database, migrations);
  opened.tables.run("UPDATE jobs SET tool = 'unfolded'");
  for (const end of ['', '-wal']) copyFileSync(data.database + end, join(copied, `copy.db${end}`));
  opened.close();
  const fresh = join(copied, 'data');
  expect(await vedette(fresh, 'restore', join(copied, 'copy.db'))).toMatchObject({ code: 0 });
  const sqlite = new Sqlite(join(fresh, 'vedette.db'));
  expect(sqlite.prepare("SELECT count(*) FROM jobs WHERE tool = 'unfolded'").pluck().get()).toBe(2);
  sqlite.close();
});

it('overwrites a file only with --force', async () => {
  const data = filled(1);
  const file = join(data.folder, 'mine.txt');
  writeFileSync(file, 'precious');
  const refused = await vedette(data.folder, 'backup', file);
  expect(refused).toEqual({ code: 73, out: '', err: `vedette: ${file} is there already; --force overwrites it\n` });
  expect(readFileSync(file, 'utf8')).toBe('precious');
  expect(await vedette(data.folder, 'backup', '--force', file)).toMatchObject({ code: 0, err: '' });
  expect(jobsIn(file)).toEqual(data.added.map(({ id }) => id));
});

it('refuses what it cannot use in one sentence, and changes nothing', async () => {
  const data = filled(1);
  const before = readFileSync(data.database);
  const text = join(data.folder, 'list.txt');
  writeFileSync(text, 'bread, butter, and a header that is long enough to be looked at as one of a database'.repeat(9));
  const foreign = join(data.folder, 'foreign.db');
  new Sqlite(foreign).exec('CREATE TABLE cats (name)').close();
  const newer = join(data.folder, 'newer.db');
  copyFileSync(data.database, newer);
  new Sqlite(newer).exec("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9e12)").close();
  for (const [args, code, said] of [
    [['restore', text], 74, /list\.txt cannot be restored: file is not a database/],
    [['restore', foreign], 74, /foreign\.db cannot be restored: it is no database of Vedette/],
    [['restore', newer], 74, /newer\.db cannot be restored: it was written by a newer release/],
    [['restore', join(data.folder, 'absent.db')], 64, /there is no file .*absent\.db/],
    [['backup', join(data.folder, 'absent/saved.db')], 73, /cannot be written/],
    [['backup', '--force', data.database], 73, /vedette\.db is the database itself/],
    [['backup', data.folder], 73, /is a folder; name a file in it/],
    [['backup'], 64, /into which file\?/],
  ] as const) {
    const { code: left, out, err } = await vedette(data.folder, ...args);
    expect(err).toMatch(said);
    expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect({ left, out }).toEqual({ left: code, out: '' });
  }
  expect(readFileSync(data.database).equals(before)).toBe(true);
  const none = await vedette(tempData(), 'backup', join(data.folder, 'saved.db'));
  expect(none).toMatchObject({ code: 74, out: '' });
  expect(none.err).toMatch(/There is no database/);
});
