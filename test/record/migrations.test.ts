// Every schema that was ever out there comes to the newest one, with its rows; and nobody edits what has run somewhere.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { jobStatuses } from '../../appliance/contract/job.ts';
import { plainPlan } from '../../appliance/contract/plan.ts';
import { noProducts } from '../../appliance/contract/products.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import * as tables from '../../appliance/daemon/record/tables.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { tempData } from '../support/temp-data.ts';
import { readJournal } from './fixtures/earlier.ts';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const known = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(join(fixtures, 'migrations.json'), 'utf8')));
const { entries } = readJournal();
const tags = entries.map(({ tag }) => tag);
const remedy = 'see test/record/fixtures/README.md';

type Row = Readonly<Record<string, string | number | null>>;

/** Every row of every table that stands in the file. */
function read(file: string): Map<string, Row[]> {
  const sqlite = new Sqlite(file, { readonly: true });
  const named = sqlite.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '__drizzle_migrations'",
  );
  const found = (named.pluck().all() as string[]).map(
    (name) => [name, sqlite.prepare(`SELECT * FROM ${name}`).all() as Row[]] as const,
  );
  sqlite.close();
  return new Map(found);
}

/** How a row of `jobs` looks as a job, said once more and not by the code under test. */
function asJob(row: Row) {
  const parsed = (column: string): unknown => JSON.parse(String(row[column] ?? 'null'));
  return {
    id: row['id'],
    status: row['status'],
    pluginId: row['plugin_id'],
    jobType: row['job_type'],
    sourceName: row['source_name'],
    sourceBytes: row['source_bytes'],
    sourceType: row['source_type'],
    source: parsed('source'),
    model: parsed('model'),
    summary: parsed('summary'),
    warnings: parsed('warnings') ?? [],
    error: row['error_message'] === null ? null : { code: row['error_code'], message: row['error_message'] },
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
    startedAt: row['started_at'],
    completedAt: row['completed_at'],
    progress: row['progress'] ?? null,
    options: {
      ...{ model: null, confidence: null, classes: null, pipeline: null, annotated: false },
      ...(whole(row['options']) ?? {}),
    },
    tools: parsed('tools') ?? [row['tool']],
    toolsCompleted: row['status'] === 'completed' ? ((parsed('tools') as string[] | null) ?? ['one']).length : 0,
    plan: parsed('plan') ?? plainPlan,
    sourceUrl: row['source_url'] ?? null,
    products: parsed('products') ?? noProducts,
    outside: parsed('outside'),
    queueRank: row['queue_rank'] ?? row['created_at'],
    hasPoster: row['has_poster'] === 1,
  };
}

/** One row holds a text that is cut short. */
function whole(text: string | number | null | undefined): object | null {
  return typeof text === 'string' && text.endsWith('}') ? (JSON.parse(text) as object) : null;
}

test.each(tags)('the schema of %s comes to the newest one, and every row is as it was', (tag) => {
  const file = join(tempData(), 'vedette.db');
  const fixture = join(fixtures, `${tag}.sqlite`);
  expect(existsSync(fixture), `there is no ${tag}.sqlite: ${remedy}`).toBe(true);
  copyFileSync(fixture, file);
  const before = read(file);
  const database = openDatabase(file, migrations);
  const store = new JobStore(database);
  const jobs = before.get('jobs') ?? [];
  expect(new Set(jobs.map((row) => row['status']))).toEqual(new Set(jobStatuses));
  expect(store.count()).toBe(jobs.length);
  for (const row of jobs) {
    expect(store.get(String(row['id']))).toMatchObject(asJob(row));
    const key = row['idempotency_key'];
    if (key) expect(store.submitted(String(key))).toEqual({ jobId: row['id'], sha256: row['request_sha256'] });
  }
  database.close();
  const after = read(file);
  for (const [table, rows] of before) {
    expect(after.get(table)).toEqual(rows.map((row) => expect.objectContaining(row) as Row));
  }
});

test('a migration that has run somewhere is not edited, taken away or followed by an older one', () => {
  for (const tag of tags) {
    const hash = createHash('sha256').update(readFileSync(join(migrations, `${tag}.sql`)));
    expect(hash.digest('hex'), `${tag}.sql is new or was edited: ${remedy}`).toBe(known[tag]);
  }
  expect(Object.keys(known), 'a migration is gone').toEqual(tags);
  const files = readdirSync(migrations).filter((name) => name.endsWith('.sql'));
  expect(files.sort(), 'drizzle runs what its journal names').toEqual(tags.map((tag) => `${tag}.sql`));
  // drizzle goes by these times, and skips one that is older than the last it has applied without a word.
  const times = entries.map(({ when }) => when);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

test('the migrations lead to the tables that the code knows', () => {
  const file = join(tempData(), 'vedette.db');
  openDatabase(file, migrations).close();
  const sqlite = new Sqlite(file, { readonly: true });
  const known = Object.values(tables).map(getTableConfig);
  expect([...read(file).keys()].sort()).toEqual(known.map(({ name }) => name).sort());
  for (const { name, columns, indexes } of known) {
    const found = sqlite.pragma(`table_info(${name})`) as { name: string; type: string; notnull: number; pk: number }[];
    const shape = columns.map((column) => [
      column.name,
      column.getSQLType().toUpperCase(),
      column.notNull || column.primary,
    ]);
    expect(
      found.map((column) => [column.name, column.type.toUpperCase(), column.notnull === 1]),
      'run `npx drizzle-kit generate`',
    ).toEqual(expect.arrayContaining(shape));
    expect(found).toHaveLength(shape.length);
    const listed = sqlite.pragma(`index_list(${name})`) as { name: string; origin: string }[];
    const made = listed.filter(({ origin }) => origin === 'c').map((index) => index.name);
    expect(made.sort()).toEqual(indexes.map(({ config }) => config.name).sort());
  }
  sqlite.close();
});
