// GET /v1/history and POST /v1/history/delete, over a real database and real folders.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HistoryDeleted, HistoryPage } from '../../appliance/contract/history-api.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { JobSearch } from '../../appliance/daemon/record/job-search.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { historyRoutes } from '../../appliance/daemon/serve/history-routes.ts';
import { makeJob } from '../support/job.ts';
import { openDesk } from '../support/job-desk.ts';
import { everything } from '../support/everything.ts';
import { openWeb, read } from './house.ts';

const noon = Date.UTC(2026, 2, 1, 12);

/** `jobs`: oldest first, a minute apart, completed unless told otherwise. */
async function openHistory(...jobs: readonly Partial<Job>[]) {
  const desk = await openDesk({ begin: false });
  const folder = join(desk.folder, 'jobs');
  const made = jobs.map((job, at) => {
    const time = noon + at * 60_000;
    const one = makeJob({
      status: 'completed',
      progress: 100,
      createdAt: time,
      updatedAt: time,
      completedAt: time,
      ...job,
    });
    desk.store.insert(one);
    mkdirSync(join(folder, one.id), { recursive: true });
    writeFileSync(join(folder, one.id, 'input'), 'x'.repeat(1000 + at));
    return one;
  });
  const search = new JobSearch(desk.database);
  const web = await openWeb(historyRoutes({ desk: desk.jobs, search, folder }));
  const ask = async (query: string) => {
    const { status, body } = await read(`${web.url}/v1/history?${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return HistoryPage.parse(body);
  };
  const names = async (query: string) => (await ask(query)).jobs.map(({ source_name }) => source_name);
  const remove = async (ids: readonly string[]) => {
    const body = JSON.stringify({ job_ids: ids });
    return HistoryDeleted.parse((await read(`${web.url}/v1/history/delete`, { method: 'POST', body })).body).results;
  };
  return { desk, folder, made, search, url: web.url, ask, names, remove };
}

const ran = (name: string) => ({ name, sha256: 'ab'.repeat(32), provider: 'cpu' as const, settings: everything() });
const saw = (classes: Record<string, number>) => ({
  total_frames: 9,
  total_detections: 9,
  classes,
  fps: 25,
  duration_s: 1,
});

test('the newest come first, page by page, with what each holds on the disk', async () => {
  const { ask, made } = await openHistory(...Array.from({ length: 25 }, (_, at) => ({ sourceName: `${at}.mp4` })));
  const first = await ask('');
  expect(first.count).toBe(25);
  expect(first.jobs.map((job) => job.job_id)).toEqual(
    made
      .map(({ id }) => id)
      .reverse()
      .slice(0, 20),
  );
  expect(first.jobs[0]).toMatchObject({ status: 'completed', source_name: '24.mp4', disk_bytes: 1024 });
  const last = await ask('limit=10&skip=20');
  expect(last.jobs.map((job) => job.source_name)).toEqual(['4.mp4', '3.mp4', '2.mp4', '1.mp4', '0.mp4']);
  expect((await ask('skip=25')).jobs).toEqual([]);
});

test('every word must stand in the name, in whatever case and script', async () => {
  const names = [
    'Café Été.mp4',
    'ÜBERWACHUNG Straße 7.mp4',
    'مباراة النهائي.mp4',
    '足球 决赛.mp4',
    'ΟΔΟΣ.mp4',
    'ﬁnal 100%_x.mp4',
  ];
  const history = await openHistory(...names.map((sourceName) => ({ sourceName })));
  const found = (q: string) => history.names(`q=${encodeURIComponent(q)}`);
  expect(await found('CAFÉ été')).toEqual([names[0]]);
  expect(await found('cafe\u0301'), 'an accent of its own').toEqual([names[0]]);
  expect(await found('überwachung STRASSE')).toEqual([names[1]]);
  expect(await found('النهائي')).toEqual([names[2]]);
  expect(await found('决赛')).toEqual([names[3]]);
  expect(await found('οδοσ')).toEqual([names[4]]);
  expect(await found('FINAL')).toEqual([names[5]]);
  expect(await found('0%_')).toEqual([names[5]]);
  expect(await found('café straße')).toEqual([]);
  expect(await found('   ')).toHaveLength(names.length);
});

test('all five statuses, models, classes and times narrow the search, alone and together', async () => {
  const { ask, names } = await openHistory(
    {
      sourceName: 'a',
      status: 'completed',
      model: ran('demo'),
      summary: saw({ ball: 3, 'drinking "glass", small': 1 }),
    },
    { sourceName: 'b', status: 'failed', model: ran('demo.v2') },
    { sourceName: 'c', status: 'cancelled', model: ran('demo'), summary: saw({ total: 2 }) },
    { sourceName: 'd', status: 'running' },
    { sourceName: 'e', status: 'pending' },
  );
  expect(await names('status=cancelled')).toEqual(['c']);
  expect(await names('status=failed&status=pending&status=running')).toEqual(['e', 'd', 'b']);
  expect(await names('model=demo')).toEqual(['c', 'a']);
  expect(await names('class=ball')).toEqual(['a']);
  expect(await names(`class=${encodeURIComponent('drinking "glass", small')}`)).toEqual(['a']);
  expect(await names('class=total_frames'), 'no class').toEqual([]);
  expect(await names('from=2026-03-01T12:02:00Z')).toEqual(['e', 'd', 'c']);
  expect(await names('from=2026-03-01T13:01:00%2B01:00&to=2026-03-01T12:02:00Z')).toEqual(['c', 'b']);
  expect(await ask('model=demo&status=completed&class=ball&to=2026-03-01T12:00:00Z&q=A')).toMatchObject({ count: 1 });
  expect(await ask('model=demo&limit=1&skip=1')).toMatchObject({ count: 2, jobs: [{ source_name: 'a' }] });
});

test('what a disk has changed in a row is passed over', async () => {
  const { desk, names } = await openHistory({ sourceName: 'a', model: ran('demo'), summary: saw({ ball: 1 }) });
  desk.database.tables.run(`update jobs set model = '{"name":"demo"', summary = '"ball"'`);
  expect(await names('model=demo')).toEqual([]);
  expect(await names('class=ball')).toEqual([]);
  expect(await names('q=a')).toEqual(['a']);
});

test('what cannot be asked for is refused with its name', async () => {
  const { url } = await openHistory();
  for (const query of [
    'limit=0',
    'limit=101',
    'skip=-1',
    'status=done',
    'from=yesterday',
    `q=${'x'.repeat(201)}`,
    'model=',
  ]) {
    const { status, body } = await read(`${url}/v1/history?${query}`);
    expect([status, JSON.stringify(body)], query).toEqual([422, expect.stringContaining(query.split('=')[0] ?? '')]);
  }
});

test('a search among many leaves room for others, and its pages and count are exact', async () => {
  const many = Array.from({ length: 3000 }, (_, at) => ({ sourceName: at % 3 === 0 ? `goal ${at}` : `match ${at}` }));
  const { desk, search } = await openHistory();
  const store = new JobStore({ ...desk.database, durably: (write) => write() });
  desk.database.tables.transaction(() => {
    for (const job of many) store.insert(makeJob({ status: 'completed', ...job }));
  });
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 0);
  onTestFinished(() => clearInterval(turning));
  const wish = { words: ['GOAL'], statuses: [], model: null, className: null, from: null, to: null };
  const signal = new AbortController().signal;
  expect(await search.find(wish, { skip: 990, limit: 20 }, signal)).toMatchObject({ count: 1000, ids: { length: 10 } });
  expect(turns, 'others had their turn').toBeGreaterThan(2);
  const gone = new AbortController();
  const given = search.find(wish, { skip: 0, limit: 20 }, gone.signal);
  gone.abort();
  await expect(given).rejects.toThrow(/abort/i);
});

test('of many that search at the same time, those beyond eight that wait are asked to come again', async () => {
  const { search, desk, folder } = await openHistory({ sourceName: 'a' }, { sourceName: 'b' });
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const find: JobSearch['find'] = (...asked) => gate.then(() => search.find(...asked));
  const { url } = await openWeb(historyRoutes({ desk: desk.jobs, search: { find }, folder }));
  const asked = Array.from({ length: 12 }, () => read(`${url}/v1/history?q=a`));
  const statuses: number[] = [];
  for (const answer of asked) void answer.then(({ status }) => statuses.push(status));
  await expect.poll(() => statuses).toEqual([429, 429, 429]);
  open();
  const answers = await Promise.all(asked);
  expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('2');
  expect(statuses.filter((status) => status === 200)).toHaveLength(9);
  expect(await read(`${url}/v1/history?q=a`)).toMatchObject({ status: 200, body: { count: 1 } });
});

test('finished jobs are deleted with their files, and each that is not says why', async () => {
  const { desk, folder, made, remove } = await openHistory({}, { status: 'failed' }, { status: 'pending' }, {});
  const [done, failed, waiting, kept] = made.map(({ id }) => id);
  const unknown = '00000000-0000-4000-8000-000000000001';
  const results = await remove([done, unknown, waiting, failed, done].map(String));
  expect(results).toEqual([
    { job_id: done, status: 'deleted', detail: null },
    { job_id: unknown, status: 'not-found', detail: null },
    { job_id: waiting, status: 'failed', detail: 'The job is pending: cancel it first.' },
    { job_id: failed, status: 'deleted', detail: null },
    { job_id: done, status: 'not-found', detail: null },
  ]);
  expect(made.filter(({ id }) => existsSync(join(folder, id))).map(({ id }) => id)).toEqual([waiting, kept]);
  expect(desk.events.filter(({ kind }) => kind === 'job-removed')).toHaveLength(2);
});

test('a list that is empty, too long or holds no ids is refused as a whole', async () => {
  const { url } = await openHistory();
  const ids = Array.from({ length: 501 }, () => '00000000-0000-4000-8000-000000000001');
  for (const job_ids of [[], ids, ['../x'], 'all']) {
    const answer = await read(`${url}/v1/history/delete`, { method: 'POST', body: JSON.stringify({ job_ids }) });
    expect(answer.status).toBe(422);
  }
});
