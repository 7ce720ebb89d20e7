// A kiosk's connection to one appliance watches a job that runs on another: two real daemons, one real Redis.
import { openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { JobItem, ProgressView } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../appliance/contract/events.ts';
import { startDaemon } from '../support/daemon.ts';
import { redisMissing, startRedis } from '../support/redis.ts';
import { tempData } from '../support/temp-data.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
if (redisMissing) process.stderr.write(`skipped: appliances on Redis, since ${redisMissing}\n`);

test.skipIf(redisMissing)('a kiosk on A watches a job that runs on B', { timeout: 120_000 }, async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.kill());
  const start = (node: string) => {
    const folder = tempData();
    writeFileSync(join(folder, 'vedette.yaml'), `node: ${node}\nredis: { public_url: 'http://${node}.lan' }\n`);
    return startDaemon({ folder, env: { VEDETTE_CONFIG: join(folder, 'vedette.yaml'), VEDETTE_REDIS_URL: redis.url } });
  };
  const [a, b] = await Promise.all([start('a'), start('b')]);
  await b.logged('ready for jobs');
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(a.url, { transports: ['websocket'] });
  onTestFinished(() => void socket.disconnect());
  const bars: number[] = [];
  socket.on('progress', ({ progress }: ProgressView) => bars.push(progress ?? 0));
  const ended = new Promise<JobItem>((resolve) => {
    socket.on('job', (job) => {
      if (job.status === 'completed') resolve(job);
    });
  });
  await socket.emitWithAck('watch', { all: true });
  const form = new FormData();
  form.set('file', await openAsBlob(sample), 'sample.mp4');
  const query = 'plugin_id=yolo&tool=detect';
  const answer = await fetch(`${b.url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  const { job_id } = z.object({ job_id: z.uuid() }).parse(await answer.json());
  const job = await ended;
  expect(job).toMatchObject({ job_id, progress: 100, appliance: { node: 'b', url: 'http://b.lan' } });
  expect(job.result_url).toBe(`http://b.lan/v1/jobs/${job_id}/result`);
  expect(bars.length).toBeGreaterThan(3);
  expect(bars).toEqual([...bars].sort((x, y) => x - y));
  expect((await fetch(`${a.url}/v1/jobs/${job_id}`)).status, 'A does not have it').toBe(404);
  const one = await new Promise<WatchAnswer>((resolve) => socket.emit('watch', { job_id }, resolve));
  expect(one).toMatchObject({ jobs: [{ job_id, status: 'completed', appliance: { node: 'b' } }] });
});
