// The log as the System screen shows it: bounded, without secrets, told in batches, and never talking of itself.
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { LogLine } from '../../appliance/contract/system-api.ts';
import { LogTail } from '../../appliance/daemon/log-tail.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';

function openTail() {
  const tail = new LogTail();
  onTestFinished(() => tail.close());
  return { tail, log: pino({ level: 'trace' }, tail) };
}

const all = { limit: 500 };

test('a line has its level, its message, and what it says beside as text', () => {
  const { tail, log } = openTail();
  const before = Date.now();
  log.info({ jobId: 'a1', frames: 3000, where: 'two words', nested: { deep: [1] } }, 'job completed');
  log.fatal({ err: Object.assign(new Error('no such file'), { code: 'ENOENT' }) }, 'failed');
  log.trace('fine');
  const [job, failed, fine] = tail.newest(all);
  expect(job).toMatchObject({
    n: 1,
    level: 'info',
    message: 'job completed',
    details: 'jobId=a1 frames=3000 where="two words" nested={"deep":[1]}',
  });
  expect(job?.ts).toBeGreaterThanOrEqual(before);
  expect(failed).toMatchObject({ n: 2, level: 'fatal', details: 'err="Error: no such file (ENOENT)"' });
  expect(fine).toMatchObject({ n: 3, level: 'debug', message: 'fine', details: '' });
});

test('the newest 500 are kept, and a level asks for those that are at least so grave', () => {
  const { tail, log } = openTail();
  for (let n = 1; n <= 1200; n++) log[n % 100 === 0 ? 'error' : 'info']({ n }, 'counted');
  const lines = tail.newest(all);
  expect(lines.map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, at) => at + 701));
  expect(tail.newest({ limit: 3 }).map(({ n }) => n)).toEqual([1198, 1199, 1200]);
  expect(tail.newest({ limit: 3, level: 'warn' }).map(({ n }) => n)).toEqual([1000, 1100, 1200]);
});

test('long lines are cut, also where they are not JSON any more after it', () => {
  const { tail, log } = openTail();
  log.warn({ text: 'x'.repeat(3000) }, 'm'.repeat(3000));
  log.warn({ text: 'y'.repeat(1_000_000), password: 'hunter2' }, 'huge');
  const [long, huge] = tail.newest(all);
  expect(long?.message).toHaveLength(2000);
  expect(long?.details).toHaveLength(2000);
  expect(huge).toMatchObject({ level: 'warn', message: expect.stringMatching(/too long/) as string });
  expect(huge?.details).toHaveLength(2000);
  expect(huge?.ts).toBeGreaterThan(1e12);
});

test.each([
  [{ apiKey: 'S3CRET' }, 'x'],
  [{ settings: { mqtt: { password: 'S3CRET' } } }, 'x'],
  [{ list: [{ 'x-api-key': 'S3CRET', Authorization: 'Bearer S3CRET' }] }, 'x'],
  [{ headers: { cookie: 'sid=S3CRET', 'x-operator-pin': 'S3CRET' } }, 'x'],
  [{ said: 'X-Operator-Pin: S3CRET' }, 'x'],
  [{ url: 'mqtt://box:S3CRET@broker.lan:1883/x' }, 'x'],
  [{ url: 'mqtts://box:S3@CRET@broker.lan' }, 'x'],
  [{ path: '/v1/jobs?limit=2&key=S3CRET&x=1' }, 'x'],
  [{ line: 'VEDETTE_API_KEY=S3CRET node main.js' }, 'x'],
  [{ line: 'curl -H "X-API-Key: S3CRET" -H "Authorization: Basic S3CRET"' }, 'x'],
  [{ body: '{"password":"S3CRET","pin": "S3CRET"}' }, 'x'],
  [{ err: new Error('connect mqtt://u:S3CRET@h failed, token=S3CRET') }, 'x'],
  [{}, 'Authorization: Bearer S3CRET'],
  [{}, 'login at https://me:S3CRET@h/ and password: S3CRET'],
  [{ jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTM0NSRVQifQ.S3CRETabc' }, 'x'],
  [{ pem: '-----BEGIN PRIVATE KEY-----\nS3CRET\n-----END PRIVATE KEY-----' }, 'x'],
])('a secret does not leave: %j %s', (fields, message) => {
  const { tail, log } = openTail();
  log.info(fields, message);
  const [line] = tail.newest(all);
  expect(JSON.stringify(line)).not.toMatch(/S3|CRET/);
  expect(JSON.stringify(line)).toContain('***');
});

test('what only resembles a secret stays', () => {
  const { tail, log } = openTail();
  const fields = {
    jobId: '0d2cbcf4-62b5-4a3e-8cd5-0f5bd66a3f5e',
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    url: 'http://127.0.0.1:8000',
    file: '/data/keys.mp4',
    keyframes: 'every-25',
    mapping: 'pin-to-socket',
    reason: 'no token in sight, basic checks passed',
  };
  log.info(fields, 'monkey business');
  const [line] = tail.newest(all);
  for (const value of Object.values(fields)) expect(line?.details).toContain(value);
  expect(line?.message).toBe('monkey business');
});

test('new lines are told in batches, at most four a second, the newest of too many', async () => {
  const { tail, log } = openTail();
  log.info('before anybody listened');
  const batches: (readonly LogLine[])[] = [];
  const begun = performance.now();
  tail.follow((lines) => batches.push(lines));
  for (let n = 0; n < 300; n++) log.info('burst');
  await expect.poll(() => batches.length).toBe(1);
  expect(performance.now() - begun).toBeGreaterThan(200);
  expect(batches[0]).toHaveLength(100);
  expect(batches[0]?.at(-1)?.n).toBe(301);
  log.info('one more');
  await expect.poll(() => batches.length).toBe(2);
  expect(batches[1]).toMatchObject([{ n: 302, message: 'one more' }]);
});

test('a line that telling lines has caused is kept, and does not go round', async () => {
  const { tail, log } = openTail();
  const stream = new EventStream({ log });
  let told = 0;
  stream.on('logged', () => {
    told += 1;
    throw new Error('cannot tell');
  });
  tail.follow((lines) => stream.emit({ kind: 'logged', lines }));
  log.info('first');
  await expect.poll(() => told).toBe(1);
  expect(tail.newest(all).map(({ message }) => message)).toEqual(['first', 'event listener threw']);
  await setTimeout(600); // longer than two batches would take: nothing is to come
  expect(told).toBe(1);
});

test('reading all that is kept does not hold up the daemon', () => {
  const { tail, log } = openTail();
  const text = 'https://user:pass@host/path?key=1&b=2 '.repeat(5);
  for (let n = 0; n < 10_000; n++) log.info({ text, n }, 'line');
  const begun = performance.now();
  expect(tail.newest(all)).toHaveLength(500);
  const ms = performance.now() - begun;
  process.stdout.write(`reading 500 lines of ${text.length} characters: ${ms.toFixed(1)} ms\n`);
  expect(ms).toBeLessThan(100); // on a machine that is busy with other tests; alone it is a tenth of that
});
