// Every dialect shows every job: each way of asking, each status, each kind of job.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { JobItem, toJobItem } from '../../appliance/contract/api.ts';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { isFinal, type Job, jobStatuses } from '../../appliance/contract/job.ts';
import { plainPlan } from '../../appliance/contract/plan.ts';
import { clipFiles, productFiles } from '../../appliance/contract/products.ts';
import { JobSockets } from '../../appliance/daemon/publish/job-socket.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { toJobPayload } from '../../appliance/daemon/publish/topics.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Timelines } from '../../appliance/daemon/results/timeline.ts';
import { adminDialect } from '../../appliance/daemon/serve/admin-dialect.ts';
import { clipRoutes } from '../../appliance/daemon/serve/clip-routes.ts';
import { historyRoutes } from '../../appliance/daemon/serve/history-routes.ts';
import { pictureRoutes } from '../../appliance/daemon/serve/picture-routes.ts';
import { stagesDialect } from '../../appliance/daemon/serve/stages-dialect.ts';
import { systemView } from '../ui/job-item.ts';
import { DialectJobs, kinds, lineOf } from './dialect-jobs.ts';
import { cellOf, type Surface, surfaces } from './dialect-table.ts';
import { log, openHouse, openWeb } from './house.ts';

interface Shown {
  readonly code: number;
  readonly body: unknown;
}

const Listed = z.object({ jobs: z.array(z.looseObject({ job_id: z.string().optional(), id: z.string().optional() })) });

/** A job of each kind in each status, and all the routes that show one. */
async function openDialects() {
  const house = await openHouse();
  const { desk, jobsDir } = house;
  const made = new DialectJobs(house.folder);
  onTestFinished(() => made.close());
  const jobs = kinds.flatMap((kind) => jobStatuses.map((status) => ({ kind, job: desk.put(made.make(kind, status)) })));
  for (const { job } of jobs) layOut(job, join(jobsDir, job.id));

  const unused = () => {
    throw new Error('nobody asks for this here');
  };
  const outside = {
    find: (id: string) => desk.jobs.find((job) => job.outside?.id === id),
    begin: unused,
    tell: unused,
  };
  const pipelines = { names: [], get: () => undefined, plain: () => plainPlan };
  const board = {
    active: () => desk.jobs.filter(({ status }) => !isFinal(status)),
    ended: () => desk.jobs.filter(({ status }) => isFinal(status)),
  };
  const found = { ids: desk.jobs.map(({ id }) => id), count: desk.jobs.length };
  const results = new Results({ jobsDir });
  const more = [
    ...clipRoutes({ desk, results }),
    ...stagesDialect({ desk, outside, pipelines }),
    ...adminDialect({ desk, outside, board }),
    ...pictureRoutes({ desk, results, timelines: new Timelines({ jobsDir }), glance: () => null }),
    ...historyRoutes({ desk, search: { find: () => Promise.resolve(found) }, folder: jobsDir }),
  ];
  const { url } = await openWeb(more);
  const paths = new Set(more.map(({ path }) => path));
  const base = (path: string) => (paths.has(path) ? url : house.url);
  return { jobs, routes: [...house.routes, ...more], base, lists: new Map<string, unknown>() };
}

type Dialects = Awaited<ReturnType<typeof openDialects>>;

/** What would lie on the disk of it. */
function layOut(job: Job, folder: string): void {
  if (job.outside) return;
  writeFileSync(join(folder, jobFiles.input), 'film');
  if (job.status !== 'pending') writeFileSync(join(folder, jobFiles.frames), lineOf(job));
  if (job.hasPoster) writeFileSync(join(folder, jobFiles.poster), 'jpeg');
  if (job.products.annotated_bytes !== null) writeFileSync(join(folder, productFiles.annotated), 'film');
  for (const { video, poster } of job.products.clips.map(clipFiles)) {
    writeFileSync(join(folder, video), 'film');
    writeFileSync(join(folder, poster), 'jpeg');
  }
}

async function ask(surface: Surface, job: Job, dialects: Dialects): Promise<Shown> {
  switch (surface) {
    case 'mqtt job/<id>':
      return { code: 200, body: JSON.parse(toJobPayload(job, 'b1')) as unknown };
    case 'socket.io job':
      return { code: 200, body: JobItem.parse(JSON.parse(JSON.stringify(toJobItem(job)))) };
    case 'ws /v1/ws/jobs/{job_id}':
      return { code: 200, body: overSocket(job) };
    default:
      return overHttp(surface, job, dialects);
  }
}

async function overHttp(surface: string, job: Job, { base, lists }: Dialects): Promise<Shown> {
  const [path = '', query = ''] = surface.split('?');
  const asked = path
    .replace(/\{(job|task)_id\}/, job.id)
    .replace('{number}', '1')
    .replace('{id}', encodeURIComponent(job.outside?.id ?? job.id));
  const url = `${base(path)}${asked}?${query}`;
  if (!path.includes('{')) {
    // A list is asked for once, and every job looked for in it.
    if (!lists.has(url)) lists.set(url, await (await fetch(url)).json());
    const { jobs } = Listed.parse(lists.get(url));
    const body = jobs.find((one) => one.job_id === job.id || one.id === (job.outside?.id ?? job.id));
    return { code: 200, body };
  }
  const answer = await fetch(url);
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  return { code: answer.status, body: isJson ? await answer.json() : await answer.text() };
}

function overSocket(job: Job): object {
  const stream = new EventStream({ log });
  const snapshot = { system: () => systemView(), job: () => job, newest: () => [job] };
  const sockets = new JobSockets({ stream, snapshot });
  const sent: object[] = [];
  sockets.opened({ send: (text) => sent.push(JSON.parse(text) as object), close: () => undefined }, job.id);
  sockets.close();
  const [first = {}, last = null] = sent;
  return { ...first, last };
}

test('every way of asking shows every kind of job in every status', async () => {
  // One house for all: its rows cost more than the answers.
  const dialects = await openDialects();
  for (const surface of surfaces) {
    for (const { kind, job } of dialects.jobs) {
      const { code, has } = cellOf(surface, kind, job.status);
      const shown = await ask(surface, job, dialects);
      const where = `${surface}: ${kind}, ${job.status}`;
      expect.soft(shown.code, `${where}: ${JSON.stringify(shown.body)}`).toBe(code);
      if (has) expect.soft(shown.body, where).toMatchObject(has(job));
    }
  }
});

test('every route that shows a job has its row in the table', async () => {
  const { routes } = await openDialects();
  const known = new Set(surfaces.map((surface) => surface.split('?')[0]));
  const shows = ({ method, path }: (typeof routes)[number]): boolean =>
    method === 'GET' && (/\{(job_id|task_id|id)\}/.test(path) || /jobs$|history$/.test(path));
  const missing = routes.filter((route) => shows(route) && !known.has(route.path)).map(({ path }) => path);
  expect(missing).toEqual([]);
});
