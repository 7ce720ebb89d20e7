// Two appliances on one real Redis: each is told of the other's jobs, by snapshot and stream, through every outage.
import { createClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { JobItem, toJobItem } from '../../appliance/contract/api.ts';
import type { Config } from '../../appliance/daemon/config.ts';
import { openRedis, type RedisPart } from '../../appliance/daemon/redis-part.ts';
import { redisMissing, startRedis, type TestRedis } from '../support/redis.ts';
import { Source } from '../publish/source.ts';

interface Appliance {
  readonly source: Source;
  readonly redis: RedisPart;
  /** What it told its own clients of the other's jobs: `kind status progress`. */
  readonly heard: string[];
}

if (redisMissing) process.stderr.write(`skipped: appliances on Redis, since ${redisMissing}\n`);

describe.skipIf(redisMissing)('two appliances on one Redis', () => {
  let server: TestRedis;
  let observer: ReturnType<typeof createClient>;
  let prefix = 'v0';
  let tests = 0;
  const open: Appliance[] = [];

  beforeAll(async () => {
    server = await startRedis();
    observer = createClient({ url: server.url });
    observer.on('error', () => undefined); // it is killed on purpose
    await observer.connect();
  });
  afterAll(async () => {
    observer.destroy();
    await server.kill();
  });
  beforeEach(() => {
    prefix = `v${++tests}`;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ redis }) => redis.close()));
  });

  async function start(node: string, publicUrl: string | null = null): Promise<Appliance> {
    const source = new Source();
    const redis = await openRedis({ node, redis: { url: server.url, prefix, public_url: publicUrl } } as Config, {
      ...{ boot: `boot-${node}`, stream: source.stream, snapshot: source.snapshot, log: source.log },
      onStateChange: () => undefined,
    });
    const heard: string[] = [];
    source.stream.on('remote-job-changed', ({ item }) => heard.push(`job ${item.status} ${item.progress ?? ''}`));
    source.stream.on('remote-job-progressed', ({ progress }) => heard.push(`progress ${progress.progress ?? ''}`));
    source.stream.on('remote-job-removed', () => heard.push('removed'));
    const appliance = { source, redis, heard };
    open.push(appliance);
    redis.open();
    return appliance;
  }

  const sees = ({ redis }: Appliance, fits: (items: readonly JobItem[]) => boolean) =>
    expect.poll(() => fits(redis.remote.list), { timeout: 8000, interval: 20 }).toBe(true);

  test('a job that was there before is in the snapshot, with where it is', async () => {
    const b = await start('b', 'http://b.lan:8000');
    const job = b.source.create({ progress: 40, seq: 7 });
    const kept = () => observer.hGet(`${prefix}:job:${job.id}`, 'progress');
    await expect.poll(kept, { timeout: 8000 }).toBe('40');
    const a = await start('a');
    await sees(a, (items) => items.length === 1);
    const appliance = { node: 'b', url: 'http://b.lan:8000' };
    expect(a.redis.remote.get(job.id)).toEqual({ ...toJobItem(job), appliance });
  });

  test('its progress and its end are told on, never back, and it goes when it is removed', async () => {
    const [a, b] = await Promise.all([start('a'), start('b', 'http://b.lan:8000')]);
    const job = b.source.create({ progress: 1, currentFrame: 0 });
    await sees(a, (items) => items.length === 1);
    for (const progress of [10, 30, 60, 90]) b.source.progress(job.id, { progress });
    b.source.complete(job.id);
    await sees(a, ([item]) => item?.status === 'completed');
    const bars = a.heard.map((line) => Number(line.split(' ').at(-1)));
    expect(bars).toEqual([...bars].sort((x, y) => x - y));
    expect(a.heard.at(-1)).toBe('job completed 100');
    expect(a.redis.remote.get(job.id)?.result_url).toBe(`http://b.lan:8000/v1/jobs/${job.id}/result`);
    expect(b.heard, 'nobody hears his own').toEqual([]);
    b.source.remove(job.id);
    await sees(a, (items) => items.length === 0);
    expect(a.heard.at(-1)).toBe('removed');
    expect(await observer.exists(`${prefix}:job:${job.id}`)).toBe(0);
  });

  test('programs read every event on the stream, and the newest state in the hash', async () => {
    const b = await start('b');
    const before = b.source.create({ progress: 1, currentFrame: 0 });
    await expect.poll(() => observer.exists(`${prefix}:job:${before.id}`), { timeout: 8000 }).toBe(1);
    b.source.progress(before.id, { progress: 55, currentFrame: 550 });
    b.source.complete(before.id);
    b.source.tellSystem({ state: 'degraded', reasons: ['too hot'] });
    const entries = async () =>
      ((await observer.xRange(`${prefix}:events`, '-', '+')) ?? []).map(({ message }) => message);
    await expect.poll(async () => (await entries()).at(-1)?.['kind'], { timeout: 8000 }).toBe('system');
    // What was told at the greeting may be told once more, as it was.
    const told = (await entries()).filter(({ data }, at, all) => all.findIndex((one) => one['data'] === data) === at);
    expect(told.map(({ kind }) => kind)).toEqual(['job', 'progress', 'job', 'system']);
    expect(told[0]).toMatchObject({ node: 'b', boot: 'boot-b', job_id: before.id });
    expect(JobItem.parse(JSON.parse(told[2]?.['data'] ?? ''))).toMatchObject({ status: 'completed', progress: 100 });
    const hash = await observer.hGetAll(`${prefix}:job:${before.id}`);
    expect(hash).toMatchObject({ node: 'b', status: 'completed', progress: '100', current_frame: '550' });
    expect(await observer.ttl(`${prefix}:job:${before.id}`)).toBeGreaterThan(6 * 86_400);
  });

  test('after an outage that cost everything, all is there again, and the complaint is gone', async () => {
    const [a, b] = await Promise.all([start('a'), start('b')]);
    const job = b.source.create({ progress: 10 });
    await sees(a, (items) => items.length === 1);
    await server.kill();
    await expect.poll(() => b.redis.complaint, { timeout: 8000 }).toMatch(/^Redis at redis:.* is away/);
    b.source.progress(job.id, { progress: 70 });
    b.source.complete(job.id);
    const second = b.source.create({ progress: 3 });
    await server.restart();
    await sees(a, (items) => items.length === 2);
    expect(a.redis.remote.get(job.id)).toMatchObject({ status: 'completed', progress: 100 });
    expect(a.redis.remote.get(second.id)).toMatchObject({ status: 'running', progress: 3 });
    await expect.poll(() => b.redis.complaint, { timeout: 8000 }).toBeNull();
    expect(b.redis.dropped).toBe(0);
  });

  test('what makes no sense is left out, and a job of an appliance that left says so', async () => {
    const [a, b] = await Promise.all([start('a'), start('b')]);
    const job = b.source.create({ progress: 10 });
    await sees(a, (items) => items.length === 1);
    const strange = { kind: 'job', node: 'c', boot: 'x', job_id: 'y', data: '{"job_id": 7' };
    await observer.xAdd(`${prefix}:events`, '*', strange);
    await observer.xAdd(`${prefix}:events`, '*', { kind: 'job' });
    open.splice(open.indexOf(b), 1);
    await b.redis.close();
    await sees(a, ([item]) => item?.held === 'The appliance b is away.');
    expect(a.redis.remote.list.map(({ job_id }) => job_id)).toEqual([job.id]);
  });
});

test('without a URL there is nothing of it', async () => {
  const source = new Source();
  const redis = await openRedis({ node: 'a', redis: { url: null, prefix: 'v', public_url: null } } as Config, {
    ...{ boot: 'x', stream: source.stream, snapshot: source.snapshot, log: source.log, onStateChange: () => undefined },
  });
  redis.open();
  source.create();
  expect(redis).toMatchObject({ complaint: null, dropped: 0, remote: { list: [] } });
  await redis.close();
});
