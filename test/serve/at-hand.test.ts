// Answers that are written while the handler runs, those that outlive it, and both when something is wrong with them.
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type Answer, json, text } from '../../appliance/daemon/serve/answer.ts';
import { type Route, route } from '../../appliance/daemon/serve/route.ts';
import { openWeb, read } from './house.ts';
import { rawRequest } from './raw.ts';

function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, summary: '', answers: {}, handle };
}

test('an answer that cannot be written cuts its connection, and the server goes on', async () => {
  const broken = { ...json(1), headers: { 'X-Number': 7 as unknown as string } };
  const { url, port } = await openWeb([
    get('/now', () => broken),
    get('/later', () => Promise.resolve(broken)),
    get('/nothing', () => undefined as unknown as Answer),
    get('/well', () => json(1)),
  ]);
  for (const path of ['/now', '/later', '/nothing']) {
    const client = rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await client.closed()).not.toContain('\r\n\r\n');
  }
  expect(await read(`${url}/well`)).toMatchObject({ status: 200, body: 1 });
});

test('a long text is sent whole to a slow reader, and its sender may be gone before', async () => {
  const long = '#'.repeat(16 * 1024 * 1024);
  const { port, url } = await openWeb([get('/long', () => text(long, 'text/plain')), get('/well', () => json(1))]);
  const ask = 'GET /long HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  const [slow, gone] = [rawRequest(port, ask), rawRequest(port, ask)];
  await Promise.all([slow, gone].map((client) => client.until((received) => received.length > 1000)));
  slow.socket.pause();
  gone.close();
  expect(await read(`${url}/well`)).toMatchObject({ status: 200 });
  slow.socket.resume();
  expect((await slow.closed()).endsWith(long)).toBe(true);
});

test('a handler that answers later still reads its headers, its query and whether the client is there', async () => {
  const query = z.object({ q: z.string() });
  const later = get('/later', () => json(1));
  const { url } = await openWeb([
    route({
      ...later,
      query,
      handle: async ({ header, hasHeader, signal, query: { q } }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return json([header('x-one'), header('x-two'), hasHeader('x-one'), hasHeader('x-two'), signal.aborted, q]);
      },
    }),
  ]);
  const answer = await read(`${url}/later?q=a`, { headers: { 'X-One': 'one' } });
  expect(answer).toMatchObject({ status: 200, body: ['one', '', true, false, false, 'a'] });
});

test('requests that come at once on one connection are answered one after the other, whatever each one takes', async () => {
  const { port } = await openWeb([
    get('/now', () => text('now', 'text/plain', { etag: '"now"' })),
    get('/fault', () => {
      throw new Error('secret');
    }),
  ]);
  const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const client = rawRequest(
    port,
    ask('/now') + ask('/fault') + ask('/now', 'If-None-Match: "now"\r\n') + ask('/nowhere') + ask('/now'),
  );
  onTestFinished(() => client.close());
  const received = await client.until((so) => (so.match(/HTTP\/1\.1 /g) ?? []).length === 5 && so.endsWith('now'));
  expect([...received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
    '200',
    '500',
    '304',
    '404',
    '200',
  ]);
});

test('at the debug level each answer is told with its status and agent', async () => {
  const lines: Record<string, unknown>[] = [];
  const heard = pino(
    { level: 'debug' },
    { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  const { url } = await openWeb([get('/now', () => json(1)), get('/later', () => Promise.resolve(json(1)))], {
    web: { log: heard },
  });
  for (const path of ['/now', '/later']) {
    await read(url + path, { headers: { 'User-Agent': 'tester' } });
    expect(lines.at(-1)).toMatchObject({ msg: 'request answered', method: 'GET', path, status: 200, agent: 'tester' });
  }
});
