// What is kept of finished jobs, and what of folders without one; on a real database and with jobs that really ran.
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { sweepOrphans } from '../../appliance/daemon/storage/orphans.ts';
import { type Keep, Retention } from '../../appliance/daemon/storage/retention.ts';
import { Usage } from '../../appliance/daemon/storage/usage.ts';
import { openDesk } from '../support/job-desk.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';

const log = pino({ level: 'silent' });
const all: Keep = { jobsDays: null, jobsKept: null, inputsDays: null, inputsKept: null };
const dayMs = 24 * 3_600_000;

type Removed = Extract<ApplianceEvent, { kind: 'job-removed' }>;
type Progressed = Extract<ApplianceEvent, { kind: 'job-progressed' }>;

/** A database with a jobs room on it. `open(keep)` makes the first pass of retention and waits for it. */
async function openHouse() {
  const desk = await openDesk();
  const folder = join(desk.folder, 'jobs');
  const usage = new Usage({ folder, stream: desk.stream, log });
  onTestFinished(() => usage.close());
  /** Jobs that completed one after the other, the last of them so many days ago. */
  const put = async (count: number, daysAgo = 0): Promise<string[]> => {
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const [index, id] of ids.entries()) {
      const at = Date.now() - daysAgo * dayMs - (count - index) * 1000;
      desk.store.insert(makeJob({ id, status: 'completed', createdAt: at - 100, updatedAt: at, completedAt: at }));
      mkdirSync(join(folder, id), { recursive: true });
      for (const name of Object.values(jobFiles)) writeFileSync(join(folder, id, name), 'bytes');
    }
    await usage.count(ids);
    return ids;
  };
  const open = async (keep: Partial<Keep>): Promise<Retention> => {
    const retention = new Retention({
      keep: { ...all, ...keep },
      jobs: {
        get: (id) => desk.jobs.get(id),
        countFinished: () => desk.store.count(['completed', 'failed', 'cancelled']),
        finished: (page) => desk.store.finished(page),
        remove: (id) => desk.jobs.remove(id),
      },
      usage,
      folder,
      stream: desk.stream,
      log,
    });
    onTestFinished(() => retention.close());
    retention.open();
    await retention.rested();
    return retention;
  };
  const left = (): string[] => desk.store.list({ limit: 100, skip: 0 }).map((job) => job.id);
  return { desk, folder, usage, put, open, left };
}

describe('retention of jobs', () => {
  test('removes nothing unless told to', async () => {
    const { put, open, left } = await openHouse();
    const ids = await put(3, 1000);
    await open({});
    expect(left()).toEqual(ids.reverse());
  });

  test('by count keeps the newest, and removes the others with rows, files and a word to everybody', async () => {
    const { desk, folder, usage, put, open, left } = await openHouse();
    const ids = await put(120);
    await open({ jobsKept: 2 });
    expect(left()).toEqual(ids.slice(118).reverse());
    expect(readdirSync(folder).sort()).toEqual(ids.slice(118).sort());
    const removed = desk.events.flatMap((event) => (event.kind === 'job-removed' ? [event.jobId] : []));
    expect(removed).toEqual(ids.slice(0, 118));
    // Of each of the two an input, and a part of one.
    expect(usage.input).toBe(20);
  });

  test('by age removes what ended long ago, however much that is, and nothing else', async () => {
    const { put, open, left } = await openHouse();
    await put(60, 8);
    const young = await put(2, 6);
    await open({ jobsDays: 7 });
    expect(left()).toEqual(young.reverse());
  });

  test('goes by a limit that is set, or taken away, while it runs', async () => {
    const { put, open, left } = await openHouse();
    const ids = await put(5);
    const retention = await open({});
    expect(left()).toHaveLength(5);
    retention.setKeep({ ...all, jobsKept: 3 });
    await retention.rested();
    expect(left()).toEqual(ids.slice(2).reverse());
    retention.setKeep(all);
    retention.look();
    await retention.rested();
    expect(left()).toHaveLength(3);
  });

  test('looks again when a job has ended', async () => {
    const { desk, put, open, left } = await openHouse();
    const [old] = await put(1);
    await open({ jobsKept: 1 });
    expect(left()).toEqual([old]);
    const { id } = desk.submit({ behaviour: 'finishes', frames: 2 });
    await desk.until((event): event is Removed => event.kind === 'job-removed');
    expect(left()).toEqual([id]);
    expect(desk.jobs.get(id)?.status).toBe('completed');
  });

  test('never touches a job that waits or runs', async () => {
    const { desk, folder, put, open, left } = await openHouse();
    await put(3, 2);
    const running = desk.submit({ behaviour: 'waits to be cancelled', frames: 1 });
    const waiting = desk.submit({ behaviour: 'finishes', frames: 1 });
    await desk.until((event): event is Progressed => event.kind === 'job-progressed' && event.job.currentFrame > 0);
    await open({ jobsKept: 0, jobsDays: 0, inputsKept: 0, inputsDays: 0 });
    expect(left()).toEqual([waiting.id, running.id]);
    expect([running, waiting].every(({ id }) => existsSync(join(folder, id, 'input')))).toBe(true);
  });
});

describe('retention of videos', () => {
  test('by count removes the inputs of older jobs alone: their results stay', async () => {
    const { folder, usage, put, open, left } = await openHouse();
    const ids = await put(70);
    await open({ inputsKept: 1 });
    expect(left()).toHaveLength(70);
    expect(ids.filter((id) => existsSync(join(folder, id, 'input')))).toEqual(ids.slice(69));
    expect(ids.every((id) => existsSync(join(folder, id, 'frames.ndjson')))).toBe(true);
    await usage.settled();
    expect([...usage.withInput()]).toEqual(ids.slice(69));
  });

  test('by age removes those of jobs that ended long ago', async () => {
    const { folder, put, open } = await openHouse();
    const [old, young] = [await put(2, 3), await put(2, 1)];
    await open({ inputsDays: 2 });
    const kept = [...old, ...young].filter((id) => existsSync(join(folder, id, 'input')));
    expect(kept).toEqual(young);
  });
});

describe('folders without a job', () => {
  const sweep = (folder: string, rowsSince: number, known: readonly string[]) =>
    sweepOrphans({
      folder,
      ids: readdirSync(folder),
      hasRow: (id) => known.includes(id),
      rowsSince,
      signal: new AbortController().signal,
      log,
    });
  const put = (folder: string, name: string, madeAt: number): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'input'), 'video');
    utimesSync(join(folder, name), madeAt / 1000, madeAt / 1000);
  };

  test('are removed where the database has known of every job since before they were made', async () => {
    const folder = tempData();
    const [known, orphan] = [randomUUID(), randomUUID()];
    for (const name of [known, orphan, 'notes-of-the-operator']) put(folder, name, Date.now());
    expect(await sweep(folder, Date.now() - dayMs, [known])).toEqual([orphan]);
    expect(readdirSync(folder).sort()).toEqual([known, 'notes-of-the-operator'].sort());
  });

  test('are left where the database is younger: their rows may be in the one that was lost', async () => {
    const folder = tempData();
    const orphan = randomUUID();
    put(folder, orphan, Date.now() - dayMs);
    expect(await sweep(folder, Date.now(), [])).toEqual([]);
    expect(readdirSync(folder)).toEqual([orphan]);
  });
});
