// Jobs whose source is a URL, and jobs that deliver: real downloads and deliveries around workers that follow a script.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import { Fault } from '../../appliance/contract/fault.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { plainPlan, withStage } from '../../appliance/contract/plan.ts';
import { NeverFits } from '../../appliance/daemon/jobs/never-fits.ts';
import type { Carriers } from '../../appliance/daemon/jobs/transfers.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Deliveries } from '../../appliance/daemon/transfers/deliveries.ts';
import { Downloads } from '../../appliance/daemon/transfers/downloads.ts';
import { openTargets } from '../../appliance/daemon/transfers/open-targets.ts';
import { UrlPolicy } from '../../appliance/daemon/transfers/url-policy.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';
import { detecting } from '../support/work.ts';
import type { Script } from '../support/workers/scripted.ts';
import { openVideoServer, serveFile } from '../transfers/video-server.ts';

const log = pino({ level: 'silent' });
const downloadPlan = withStage(plainPlan, 'downloading');

async function carriers(folder: string, target = tempData()): Promise<Carriers> {
  const allowed = { allow: [], private_networks: true, public_networks: false };
  const downloads = new Downloads({
    policy: new UrlPolicy(allowed),
    maxBytes: 1e6,
    stallMs: 20_000,
    atOnce: 1,
    giveUpMs: 20,
    backOffMs: 5,
    space: { admit: () => Promise.resolve(), release: () => undefined, most: () => Promise.resolve(1e9) },
    identify: () => 'video/mp4', // a script is no video
    log,
  });
  const results = new Results({ jobsDir: join(folder, 'jobs') });
  const deliveries = new Deliveries({
    targets: await openTargets({ there: { kind: 'folder', path: target } }),
    result: (job, signal) => results.export(job, 'json', signal).chunks,
    giveUpMs: 20,
    backOffMs: 5,
    log,
  });
  return {
    atOnce: 1,
    fetch: (work) => downloads.fetch(work),
    drop: (path) => downloads.drop(path),
    deliver: (work) => deliveries.deliver(work),
  };
}

async function open(folder = tempData(), target?: string, means?: Carriers) {
  mkdirSync(join(folder, 'jobs'), { recursive: true });
  const desk = await openDesk({ folder, carriers: means ?? (await carriers(folder, target)) });
  const fetched = (url: string): Job =>
    desk.jobs.create({
      id: randomUUID(),
      ...detecting,
      options: noJobOptions,
      plan: downloadPlan,
      ...{ sourceName: 'a.mp4', sourceBytes: 0, sourceType: '', sourceUrl: url },
    });
  const seen = (id: string) =>
    desk.events.flatMap((event) => ('job' in event && event.job.id === id ? [event.job] : []));
  const when = (id: string, holds: (job: Job) => boolean) =>
    desk.until((event): event is Extract<ApplianceEvent, { job: Job }> => {
      return 'job' in event && event.job.id === id && holds(event.job);
    });
  return { ...desk, fetched, seen, when };
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
const script = (given: Script) => Buffer.from(JSON.stringify(given).padEnd(4000));
const short = script({ behaviour: 'finishes', frames: 50 });
/** Each state once, in their order. */
const states = (jobs: readonly Job[]) =>
  jobs.map(({ status, stage }) => `${status} ${stage ?? '-'}`).filter((state, at, all) => state !== all[at - 1]);

describe('a job whose source is a URL', () => {
  it('downloads, waits for a worker, is worked on, and its progress never goes back', async () => {
    const desk = await open();
    const server = await openVideoServer((request, response) => serveFile(request, response, short));
    const { id } = desk.fetched(server.url);
    expect(await desk.ended(id)).toMatchObject({
      status: 'completed',
      progress: 100,
      sourceBytes: short.length,
      sourceType: 'video/mp4',
    });
    const seen = desk.seen(id);
    expect(states(seen).slice(0, 4)).toEqual([
      'pending queued',
      'running downloading',
      'pending queued',
      'running probing',
    ]);
    const bars = seen.map(({ progress }) => progress ?? -1);
    expect(bars).toEqual([...bars].sort((a, b) => a - b));
    expect(seen.find(({ stage, startedAt }) => stage === 'queued' && startedAt === null)).toBeDefined();
    expect(seen.filter(({ stage }) => stage === 'probing')[0]?.progress).toBe(10);
  });

  it('takes no worker while it downloads, and so many download at once as are allowed', async () => {
    const desk = await open();
    const server = await openVideoServer((request, response) => serveFile(request, response, short, { stallAt: 1000 }));
    const first = desk.fetched(server.url);
    const second = desk.fetched(server.url);
    await desk.when(first.id, ({ stage, sourceBytes }) => stage === 'downloading' && sourceBytes > 0);
    const other = desk.submit({ behaviour: 'finishes', frames: 20 });
    expect((await desk.ended(other.id)).status).toBe('completed');
    expect(desk.jobs.get(second.id)).toMatchObject({ status: 'pending', stage: 'queued' });
    expect(server.state.asked).toHaveLength(1);
    expect(desk.jobs.counts.pending).toBe(1);
    server.state.answer = (request, response) => serveFile(request, response, short);
    await desk.jobs.remove(first.id);
    expect(desk.jobs.get(first.id)).toMatchObject({ status: 'cancelled' });
    expect(existsSync(join(desk.folder, 'jobs', first.id, 'input.part'))).toBe(false);
    expect((await desk.ended(second.id)).status).toBe('completed');
  });

  it('is held with the others, and goes on where it was', async () => {
    const desk = await open();
    const server = await openVideoServer((request, response) => serveFile(request, response, short, { stallAt: 2000 }));
    const { id } = desk.fetched(server.url);
    await desk.when(id, ({ sourceBytes }) => sourceBytes > 0);
    desk.jobs.setHeld('The disk is low.');
    await desk.when(id, ({ held }) => held === 'The disk is low.');
    server.state.answer = (request, response) => serveFile(request, response, short);
    expect(desk.jobs.get(id)).toMatchObject({ status: 'running', stage: 'downloading' });
    desk.jobs.setHeld(null);
    expect((await desk.ended(id)).status).toBe('completed');
    expect(server.state.asked.at(-1)?.headers.range).toBe('bytes=2000-');
  });

  it('is taken up by the next daemon where it was', async () => {
    const first = await open();
    const server = await openVideoServer((request, response) => serveFile(request, response, short, { stallAt: 2000 }));
    const { id } = first.fetched(server.url);
    await first.when(id, ({ sourceBytes }) => sourceBytes > 0);
    await first.close();
    expect(first.seen(id).at(-1)).toMatchObject({ status: 'pending', stage: 'queued' });
    server.state.answer = (request, response) => serveFile(request, response, short);
    const second = await open(first.folder);
    expect((await second.ended(id)).status).toBe('completed');
    expect(server.state.asked.at(-1)?.headers.range).toBe('bytes=2000-');
  });

  it('fails with the reason, and downloads anew when it is tried again', async () => {
    const desk = await open();
    const server = await openVideoServer((_request, response) => void response.writeHead(404).end());
    const { id } = desk.fetched(server.url);
    const failed = await desk.ended(id);
    expect(failed.error).toEqual({ code: 'download-failed', message: 'The server answered 404 Not Found.' });
    expect(failed).toMatchObject({ status: 'failed', stage: 'downloading', progress: 0 });
    server.state.answer = (request, response) => serveFile(request, response, short);
    expect((await desk.jobs.retry(id)).error).toBeNull();
    await desk.when(id, ({ status }) => status === 'completed');
  });

  it('waits out a full disk, and says so', async () => {
    const folder = tempData();
    const means = await carriers(folder);
    let full = true;
    const server = await openVideoServer((request, response) => serveFile(request, response, short));
    const desk = await open(folder, undefined, {
      ...means,
      fetch: (work) => (full ? Promise.reject(new Fault('disk-full', 'There is no room.')) : means.fetch(work)),
    });
    const { id } = desk.fetched(server.url);
    await desk.when(id, ({ held }) => held === 'It waits for room: There is no room.');
    full = false;
    expect((await desk.ended(id)).status).toBe('completed');
  });

  it('fails where its file could never lie on the disk', async () => {
    const folder = tempData();
    const means = await carriers(folder);
    const desk = await open(folder, undefined, { ...means, fetch: () => Promise.reject(new NeverFits('Too large.')) });
    const { error } = await desk.ended(desk.fetched('http://127.0.0.1/').id);
    expect(error).toEqual({ code: 'disk-full', message: 'Too large.' });
  });

  it('leaves its place to another one while its server is away, and says so', async () => {
    const folder = tempData();
    const means = await carriers(folder);
    const server = await openVideoServer((request, response) => serveFile(request, response, short));
    const desk = await open(folder, undefined, {
      ...means,
      fetch: (work) => {
        if (!work.url.endsWith('away')) return means.fetch(work);
        work.onHeld('It waits for its source.');
        return untilAborted(work.signal);
      },
    });
    const { id } = desk.fetched(`${server.url}/away`);
    await desk.when(id, ({ held }) => held === 'It waits for its source.');
    expect((await desk.ended(desk.fetched(server.url).id)).status).toBe('completed');
    expect(desk.jobs.get(id)).toMatchObject({ status: 'running', held: 'It waits for its source.' });
    await desk.jobs.remove(id);
    expect(desk.jobs.get(id)).toMatchObject({ status: 'cancelled', held: null });
  });

  it('is cancelled, and waits for the next daemon, though its work does not heed its signal', async () => {
    const folder = tempData();
    const means = await carriers(folder);
    const deaf = () => new Promise<never>(() => undefined);
    const desk = await open(folder, undefined, { ...means, atOnce: 2, fetch: deaf });
    const [first, second] = [desk.fetched('http://127.0.0.1/1'), desk.fetched('http://127.0.0.1/2')];
    for (const { id } of [first, second]) await desk.when(id, ({ stage }) => stage === 'downloading');
    await Promise.all([desk.jobs.remove(first.id), desk.close()]);
    expect(desk.seen(first.id).at(-1)).toMatchObject({ status: 'cancelled' });
    expect(desk.seen(second.id).at(-1)).toMatchObject({ status: 'pending', stage: 'queued' });
  });
});

describe('a job that delivers', () => {
  const plan = { ...withStage(plainPlan, 'delivering'), deliver: ['there'] };
  const submit = (desk: Awaited<ReturnType<typeof open>>, given: Script) => {
    const job = desk.submit(given, noJobOptions, { plan });
    return job.id;
  };

  it('is completed when its targets have everything, and says where that is', async () => {
    const target = tempData();
    const desk = await open(tempData(), target);
    const id = submit(desk, { behaviour: 'finishes', frames: 30 });
    const done = await desk.ended(id);
    expect(done).toMatchObject({ status: 'completed', progress: 100, summary: { total_frames: 30 } });
    expect(done.products.deliveries).toMatchObject([{ target: 'there', files: 3, place: `${target}/${id}/` }]);
    expect(readdirSync(join(target, id)).sort()).toEqual(['frames.ndjson', 'result.json', 'summary.json']);
    expect(states(desk.seen(id)).slice(-2)).toEqual(['running delivering', 'completed completed']);
    expect(desk.store.get(id)?.products).toEqual(done.products);
    await desk.close();
    expect(existsSync(join(desk.folder, 'jobs', id, 'delivery.json'))).toBe(false);
  });

  it('fails with the name of a target that takes nothing, keeps its results, and is not analysed again', async () => {
    const target = join(tempData(), 'share');
    const desk = await open(tempData(), target);
    const id = submit(desk, { behaviour: 'finishes', frames: 30 });
    const failed = await desk.ended(id);
    expect(failed).toMatchObject({ status: 'failed', stage: 'delivering', summary: { total_frames: 30 } });
    expect(failed.error).toMatchObject({ code: 'delivery-failed' });
    expect(failed.error?.message).toContain('The target "there" did not take summary.json');
    const before = desk.seen(id).length;
    mkdirSync(target);
    await desk.jobs.retry(id);
    await desk.when(id, ({ status }) => status === 'completed');
    expect(
      new Set(
        desk
          .seen(id)
          .slice(before)
          .map(({ stage }) => stage),
      ),
    ).toEqual(new Set(['queued', 'delivering', 'completed']));
    expect(readdirSync(join(target, id))).toHaveLength(3);
  });

  it('frees its worker for the next one, and is taken up at the delivery by the next daemon', async () => {
    const folder = tempData();
    const target = tempData();
    const means = await carriers(folder, target);
    /** Never done. */
    const stuck: Carriers = {
      ...means,
      deliver: ({ signal, onBytes }) => {
        onBytes(1, 2);
        return untilAborted(signal);
      },
    };
    const first = await open(folder, target, stuck);
    const id = submit(first, { behaviour: 'finishes', frames: 30 });
    await first.when(id, ({ stage }) => stage === 'delivering');
    const other = first.submit({ behaviour: 'finishes', frames: 10 });
    expect((await first.ended(other.id)).status).toBe('completed');
    expect(first.jobs.get(id)?.status).toBe('running');
    await first.close();
    const second = await open(folder, target, means);
    expect(await second.ended(id)).toMatchObject({ status: 'completed', summary: { total_frames: 30 } });
    expect(second.seen(id).map(({ stage }) => stage)).not.toContain('probing');
    expect(readdirSync(join(target, id))).toHaveLength(3);
  });
});
