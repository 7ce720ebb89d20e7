// Jobs of programs outside: what becomes of one that falls silent, and of one that the disk has changed.
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Job } from '../../appliance/contract/job.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { Ledger } from '../../appliance/daemon/jobs/ledger.ts';
import { OutsideJobs } from '../../appliance/daemon/jobs/outside-jobs.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { tempData } from '../support/temp-data.ts';

const log = pino({ level: 'silent' });
const hourMs = 3_600_000;
const announced = { id: 'a', type: 'clips', video_id: 'v', metadata: { n: 1 } };
const report = { progress: 50, word: null, reason: null };

function open(folder = tempData()) {
  const database = openDatabase(join(folder, 'vedette.db'), migrations);
  const store = new JobStore(database);
  const stream = new EventStream({ log });
  const ledger = new Ledger({ store, stream, log });
  const outside = new OutsideJobs({ ledger, store, stream, silentMs: 24 * hourMs, log });
  outside.open();
  const close = () => {
    outside.close();
    ledger.close();
    database.close();
  };
  return { folder, database, store, stream, ledger, outside, close };
}

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('one of which nothing is heard for a day fails; one that speaks does not', () => {
  fakeClock();
  const { outside, stream, close } = open();
  onTestFinished(close);
  const ended: Job[] = [];
  stream.on('job-changed', ({ job }) => {
    if (job.status === 'failed') ended.push(job);
  });
  outside.begin(announced);
  outside.begin({ ...announced, id: 'b' });
  vi.advanceTimersByTime(20 * hourMs);
  outside.tell('b', report);
  vi.advanceTimersByTime(5 * hourMs);
  expect(ended.map(({ outside: told, error }) => [told?.id, error])).toEqual([
    ['a', { code: 'outside-silent', message: 'Nothing was heard of this job for 24 hours.' }],
  ]);
  vi.advanceTimersByTime(20 * hourMs);
  expect(ended).toHaveLength(2);
});

test('that it was heard is remembered over a restart, and the time away is not held against it', () => {
  fakeClock();
  const first = open();
  first.outside.begin(announced);
  vi.advanceTimersByTime(23 * hourMs);
  first.outside.tell('a', { ...report, progress: 0 });
  first.close();
  const second = open(first.folder);
  vi.advanceTimersByTime(23 * hourMs);
  expect(second.outside.find('a')?.status).toBe('running');
  second.close();
  vi.advanceTimersByTime(1000 * hourMs);
  const third = open(first.folder);
  onTestFinished(third.close);
  vi.advanceTimersByTime(hourMs / 2);
  expect(third.outside.find('a')?.status).toBe('running');
  vi.advanceTimersByTime(hourMs);
  expect(third.outside.find('a')?.status).toBe('failed');
});

test('what it says survives a restart, and what a disk has changed of it never makes it the appliance’s own', () => {
  const first = open();
  first.outside.begin(announced);
  first.outside.tell('a', { ...report, progress: 51, word: 'dancing' });
  const told = first.outside.find('a');
  expect(first.store.get(told?.id ?? '')).toMatchObject({ progress: 51, outside: { ...announced, status: 'dancing' } });
  first.database.tables.run(`update jobs set outside = '{"id":'`);
  first.close();
  const second = open(first.folder);
  onTestFinished(second.close);
  expect(second.ledger.left()).toEqual([]);
  expect(second.outside.find('a')).toMatchObject({
    id: told?.id,
    outside: { id: 'a', type: 'clips', video_id: 'v', metadata: {}, status: 'processing' },
  });
});

test('every percentage that was told survives a restart', () => {
  const first = open();
  first.outside.begin(announced);
  for (const progress of [41, 44, 44]) first.outside.tell('a', { ...report, progress });
  expect(first.ledger.progressWrites).toBe(2);
  first.close();
  const second = open(first.folder);
  onTestFinished(second.close);
  expect(second.outside.find('a')?.progress).toBe(44);
});

test('words without end are told and written once a second, and the newest always', () => {
  fakeClock();
  const { outside, store, stream, ledger, close } = open();
  const told: string[] = [];
  const steps: string[] = [];
  stream.on('job-changed', ({ job }) => told.push(job.outside?.status ?? ''));
  stream.on('job-progressed', ({ job }) => steps.push(job.outside?.status ?? ''));
  const { id } = outside.begin(announced).job;
  for (let at = 0; at < 100; at++) outside.tell('a', { ...report, progress: 0, word: `word ${at}` });
  expect([told, steps.length]).toEqual([['queued', 'word 0'], 99]);
  expect(outside.find('a')?.outside?.status).toBe('word 99');
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(['queued', 'word 0', 'word 99']);
  expect(store.get(id)?.outside?.status).toBe('word 99');
  expect(ledger.progressWrites).toBe(2);
  outside.tell('a', { ...report, progress: 0, word: 'the last' });
  close();
  expect([told.at(-1), told.length]).toEqual(['the last', 4]);
});

test('one that is announced over and over is told once a second, and not at all where nothing is new', () => {
  fakeClock();
  const { outside, store, stream, close } = open();
  onTestFinished(close);
  const told: unknown[] = [];
  const { id } = outside.begin(announced).job;
  stream.on('job-changed', ({ job }) => told.push(job.outside?.metadata));
  for (let at = 0; at < 10; at++) outside.begin(announced);
  expect(told).toEqual([]);
  for (let n = 2; n < 10; n++) outside.begin({ ...announced, video_id: `v${n}`, metadata: { n } });
  expect(told).toEqual([{ n: 2 }]);
  expect(outside.find('a')?.sourceName).toBe('v9');
  vi.advanceTimersByTime(1000);
  expect(told).toEqual([{ n: 2 }, { n: 9 }]);
  expect(store.get(id)).toMatchObject({ sourceName: 'v9', outside: { metadata: { n: 9 } } });
  outside.begin({ ...announced, metadata: { n: 10 } });
  outside.tell('a', { ...report, progress: 100 });
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([{ n: 2 }, { n: 9 }, { n: 10 }]); // with its end
});

test('where the disk is full, the record of one that has ended stays when it would begin again', () => {
  const { outside, store, stream, database, close } = open();
  onTestFinished(close);
  const { id } = outside.begin(announced).job;
  outside.tell('a', { ...report, progress: 100 });
  const removed: string[] = [];
  stream.on('job-removed', ({ jobId }) => removed.push(jobId));
  database.tables.get('pragma max_page_count = 1'); // no more than it has
  const large = { ...announced, metadata: { text: 'x'.repeat(15_000) } };
  expect(() => outside.begin(large)).toThrow(expect.objectContaining({ code: 'disk-full' }));
  expect([outside.find('a')?.status, store.get(id)?.status, removed]).toEqual(['completed', 'completed', []]);
  database.tables.get('pragma max_page_count = 1000000');
  const { job, isNew } = outside.begin(large);
  expect([isNew, removed, store.get(id)]).toEqual([true, [id], undefined]);
  expect(outside.find('a')?.id).toBe(job.id);
});

test('they are found without a walk through all rows', () => {
  const { database, close } = open();
  onTestFinished(close);
  const plan = database.tables.all<{ detail: string }>(`explain query plan select * from jobs where outside_id >= ''`);
  expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('USING INDEX jobs_outside_id')]);
});
