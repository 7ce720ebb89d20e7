// The server itself: routes, mistakes, streams, files and how it starts and ends. Clauses are those of RFC 9110.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../appliance/contract/fault.ts';
import { file, json, stream, text } from '../../appliance/daemon/serve/answer.ts';
import { Gate } from '../../appliance/daemon/serve/gate.ts';
import { integer } from '../../appliance/daemon/serve/mistakes.ts';
import { type Route, route } from '../../appliance/daemon/serve/route.ts';
import { Web } from '../../appliance/daemon/serve/web.ts';
import { tempData } from '../support/temp-data.ts';
import { log, openGate, openHouse, openWeb, read } from './house.ts';
import { rawRequest } from './raw.ts';

function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path, summary: '', answers: {}, handle };
}

test('an unknown path is 404 and a wrong method on a known path is 405 with Allow (§15.5.6)', async () => {
  const { url } = await openHouse();
  expect(await read(`${url}/nowhere`)).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  const wrong = await read(`${url}/v1/jobs`, { method: 'DELETE' });
  expect(wrong).toMatchObject({ status: 405, body: { detail: 'Method Not Allowed' } });
  expect(wrong.headers.get('allow')).toBe('GET, HEAD');
});

test('HEAD answers like GET without a body (§9.3.2)', async () => {
  const { url } = await openHouse();
  const [whole, head] = await Promise.all([fetch(`${url}/v1/health`), fetch(`${url}/v1/health`, { method: 'HEAD' })]);
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe(String((await whole.text()).length));
  expect(await head.text()).toBe('');
});

test('every answer carries the security headers', async () => {
  const { url } = await openHouse();
  for (const path of ['/v1/health', '/nowhere', '/']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-frame-options')).toBe('DENY');
  }
});

test('a handler that throws, at once or later, is a 500 that says nothing, and the server goes on', async () => {
  const { url } = await openWeb([
    get('/now', () => {
      throw new Error('secret /etc/passwd');
    }),
    get('/later', async () => {
      await Promise.resolve();
      throw new TypeError('secret');
    }),
    get('/fault', () => {
      throw new Fault('disk-full', 'The disk is full');
    }),
    get('/well', () => json(1)),
  ]);
  for (const path of ['/now', '/later']) {
    expect(await read(url + path)).toMatchObject({ status: 500, body: { detail: 'Internal Server Error' } });
  }
  expect(await read(`${url}/fault`)).toMatchObject({ status: 507, body: { detail: 'The disk is full' } });
  expect(await read(`${url}/well`)).toMatchObject({ status: 200, body: 1 });
});

test('what does not fit its schema is 422 in the manner of pydantic', async () => {
  const query = z.object({
    plugin_id: z.string(),
    limit: integer(1, 100).default(10),
    kind: z.enum(['a', 'b']).default('a'),
  });
  const { url } = await openWeb([
    route({ ...get('/q', () => json(1)), query, handle: (request) => json(request.query) }),
  ]);
  expect(await read(`${url}/q?limit=0&kind=c`)).toMatchObject({
    status: 422,
    body: {
      detail: [
        { type: 'missing', loc: ['query', 'plugin_id'], msg: 'Field required', input: null },
        {
          type: 'greater_than_equal',
          loc: ['query', 'limit'],
          msg: 'Input should be greater than or equal to 1',
          input: 0,
        },
        { type: 'enum', loc: ['query', 'kind'], msg: "Input should be 'a' or 'b'", input: 'c' },
      ],
    },
  });
  expect(await read(`${url}/q?plugin_id=p&limit=1e1`)).toMatchObject({
    body: { detail: [{ type: 'int_parsing', loc: ['query', 'limit'], input: '1e1' }] },
  });
  expect(await read(`${url}/q?plugin_id=a%20b&plugin_id=c%26d&limit=100`)).toMatchObject({
    body: { plugin_id: 'c&d', limit: 100, kind: 'a' },
  });
});

test('a stream is sent whole to a slow reader, and made only as fast as it is read', async () => {
  const piece = '#'.repeat(64 * 1024);
  let made = 0;
  async function* pieces() {
    for (; made < 400; made += 1) yield await Promise.resolve(piece);
  }
  const { port } = await openWeb([get('/stream', () => stream(pieces(), 'text/plain'))]);
  const client = rawRequest(port, 'GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  onTestFinished(() => client.close());
  await client.until((received) => received.length > 1000);
  client.socket.pause();
  // The server is given time to make more than it should: what it makes into a full socket is bounded.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(made).toBeLessThan(350);
  client.socket.resume();
  const received = await client.closed();
  // Beside the pieces there are only headers and the lengths of chunks.
  expect(received.length).toBeGreaterThan(400 * piece.length);
  expect(received.length).toBeLessThan(401 * piece.length);
  expect(received.endsWith('#\r\n0\r\n\r\n')).toBe(true);
});

test('a reader that pauses for longer than the server bears silence gets the rest all the same', async () => {
  const piece = '#'.repeat(64 * 1024);
  async function* pieces() {
    for (let made = 0; made < 400; made += 1) yield await Promise.resolve(piece);
  }
  const path = join(tempData(), 'video');
  writeFileSync(path, piece.repeat(400));
  const { port } = await openWeb([
    get('/stream', () => stream(pieces(), 'text/plain')),
    get('/file', () => file(path, 400 * piece.length, 1, 'video/mp4')),
  ]);
  const clients = ['/stream', '/file'].map((from) =>
    rawRequest(port, `GET ${from} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
  );
  onTestFinished(() => clients.forEach((client) => client.close()));
  await Promise.all(clients.map((client) => client.until((received) => received.length > 1000)));
  for (const { socket } of clients) socket.pause();
  // µWebSockets.js counts its 10 s in steps of four.
  await new Promise((resolve) => setTimeout(resolve, 16_000));
  for (const { socket } of clients) socket.resume();
  for (const client of clients) expect((await client.closed()).length).toBeGreaterThan(400 * piece.length);
}, 30_000);

test('a client that goes away ends the stream behind its answer', async () => {
  let ended: (() => void) | undefined;
  const end = new Promise<void>((resolve) => (ended = resolve));
  async function* pieces() {
    try {
      for (;;) {
        yield 'x'.repeat(64 * 1024);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      ended?.();
    }
  }
  const { port } = await openWeb([get('/stream', () => stream(pieces(), 'text/plain'))]);
  const client = rawRequest(port, 'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await client.until((received) => received.length > 1000);
  client.close();
  await end;
});

test('a stream that fails before its first piece is an honest error, and one that fails later is cut', async () => {
  // eslint-disable-next-line require-yield -- it fails first
  async function* atOnce(): AsyncGenerator<string> {
    await Promise.reject(new Fault('job-not-found', 'Job not found'));
  }
  async function* later(): AsyncGenerator<string> {
    yield 'begun';
    await new Promise((resolve) => setImmediate(resolve));
    throw new Error('gone');
  }
  const { url, port } = await openWeb([
    get('/at-once', () => stream(atOnce(), 'text/plain')),
    get('/later', () => stream(later(), 'text/plain')),
  ]);
  expect(await read(`${url}/at-once`)).toMatchObject({ status: 404, body: { detail: 'Job not found' } });
  const client = rawRequest(port, 'GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const received = await client.closed();
  expect(received).toContain('begun');
  expect(received).not.toContain('\r\n0\r\n\r\n');
});

test('an ETag in If-None-Match is answered with 304 (§13.1.2)', async () => {
  const { url } = await openWeb([get('/tagged', () => text('body', 'text/plain', { etag: '"one"' }))]);
  const first = await fetch(`${url}/tagged`);
  expect(first.headers.get('etag')).toBe('"one"');
  for (const tag of ['"one"', 'W/"one"', '"zero", "one"', '*']) {
    expect((await fetch(`${url}/tagged`, { headers: { 'If-None-Match': tag } })).status).toBe(304);
  }
  expect((await fetch(`${url}/tagged`, { headers: { 'If-None-Match': '"two"' } })).status).toBe(200);
});

test('a file is sent in the parts that Range asks for (§14.2)', async () => {
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));
  const path = join(tempData(), 'file');
  writeFileSync(path, content);
  const { url } = await openWeb([get('/file', () => file(path, content.length, 5, 'video/mp4'))]);
  const ask = async (range: string, more: Record<string, string> = {}) => {
    const answer = await fetch(`${url}/file`, { headers: { Range: range, ...more } });
    return {
      status: answer.status,
      range: answer.headers.get('content-range'),
      body: Buffer.from(await answer.arrayBuffer()),
    };
  };
  const size = content.length;
  const whole = await fetch(`${url}/file`);
  expect(whole.headers.get('accept-ranges')).toBe('bytes');
  expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  for (const [asked, start, end] of [
    ['bytes=0-0', 0, 0],
    ['bytes=100-1000099', 100, 1_000_099],
    ['bytes=2999999-', 2_999_999, size - 1],
    ['bytes=-5', size - 5, size - 1],
    ['bytes=5-99999999', 5, size - 1],
  ] as const) {
    const { status, range, body } = await ask(asked);
    expect(status).toBe(206);
    expect(range).toBe(`bytes ${start}-${end}/${size}`);
    expect(body.equals(content.subarray(start, end + 1))).toBe(true);
  }
  for (const asked of ['bytes=3000000-', 'bytes=-0']) {
    expect(await ask(asked)).toMatchObject({ status: 416, range: `bytes */${size}` });
  }
  for (const asked of ['bytes=9-3', 'lines=1-2', 'bytes=0-1,5-6', 'bytes=']) {
    expect(await ask(asked)).toMatchObject({ status: 200, range: null });
  }
  const etag = whole.headers.get('etag') ?? '';
  expect((await ask('bytes=0-1', { 'If-Range': etag })).status).toBe(206);
  expect((await ask('bytes=0-1', { 'If-Range': '"old"' })).status).toBe(200);
  const head = await fetch(`${url}/file`, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String(size));
});

test('a taken port is refused by name, whoever holds it', async () => {
  const { port } = await openWeb([]);
  const second = new Web({ host: '127.0.0.1', port, gate: new Gate(openGate), log });
  onTestFinished(() => second.close());
  await expect(second.listen()).rejects.toMatchObject({ code: 'port-taken' });
  await expect(second.listen()).rejects.toThrow(
    `127.0.0.1:${port}: another program holds it; choose another with VEDETTE_PORT`,
  );

  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const address = other.address();
  const taken = typeof address === 'object' && address ? address.port : 0;
  const third = new Web({ host: '127.0.0.1', port: taken, gate: new Gate(openGate), log });
  onTestFinished(() => third.close());
  await expect(third.listen()).rejects.toThrow('another program holds it');
  const foreign = new Web({ host: '192.0.2.1', port: 0, gate: new Gate(openGate), log });
  onTestFinished(() => foreign.close());
  await expect(foreign.listen()).rejects.toThrow('not an address of this machine');
});

test('closing lets answers that are under way come to their end, and takes no new connections', async () => {
  let go: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (go = resolve));
  let finish: (() => void) | undefined;
  const held = new Promise<void>((resolve) => (finish = resolve));
  const { web, url } = await openWeb([
    get('/slow', async () => {
      go?.();
      await held;
      return json('done');
    }),
  ]);
  const answer = read(`${url}/slow`);
  await asked;
  const closed = web.close();
  await expect(fetch(`${url}/slow`)).rejects.toThrow();
  finish?.();
  expect(await answer).toMatchObject({ status: 200, body: 'done' });
  await closed;
});

test('closing waits only so long for an answer that never ends', async () => {
  let go: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (go = resolve));
  const never = new Promise<never>(() => undefined);
  const slow = get('/slow', () => {
    go?.();
    return never;
  });
  const { web, url } = await openWeb([slow], { web: { drainMs: 50 } });
  const answer = fetch(`${url}/slow`);
  answer.catch(() => undefined); // awaited below
  await asked;
  await web.close();
  await expect(answer).rejects.toThrow();
});

test('Socket.IO lives on the same port', async () => {
  const { web, port, url } = await openWeb([get('/well', () => json(1))]);
  const server = new Server({ serveClient: false });
  web.attach(server);
  server.on('connection', (socket) => socket.emit('hello', 'x'.repeat(100)));
  const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  onTestFinished(() => void client.close());
  const greeting: unknown = await new Promise((resolve) => client.on('hello', resolve));
  expect(greeting).toBe('x'.repeat(100));
  expect(await read(`${url}/well`)).toMatchObject({ status: 200 });
  client.close();
  await server.close();
});
