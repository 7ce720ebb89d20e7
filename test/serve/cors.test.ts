// Pages of other sites: what they may ask, send and read where the settings name them, and that all others may not.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openLiveServer } from '../../appliance/daemon/publish/live-server.ts';
import { Gate } from '../../appliance/daemon/serve/gate.ts';
import { log, openGate, openHouse, openWeb } from './house.ts';

const board = 'https://board.lan';
const evil = 'https://evil.example';
const key = 'correct horse';
const keyHashes = [createHash('sha256').update(key).digest('hex')];
const guests = { allowedOrigins: [board] };

function preflight(url: string, method: string, Origin: string): Promise<Response> {
  const asked = { 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'content-type' };
  return fetch(url, { method: 'OPTIONS', headers: { Origin, ...asked } });
}

function corsOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}

test.each([
  ['POST', '/v1/video/submit?plugin_id=yolo&tool=detect'],
  ['POST', '/v1/uploads'],
  ['PATCH', `/v1/uploads/${'0'.repeat(32)}`],
  ['DELETE', `/v1/jobs/${'0'.repeat(32)}`],
  ['GET', '/v1/jobs'],
])('before %s %s a browser is told that it may, also where a key is asked for', async (method, path) => {
  const { url } = await openHouse({ gate: { ...guests, keyHashes } });
  const answer = await preflight(url + path, method, board);
  expect(answer.status).toBe(200);
  const cors = corsOf(answer);
  expect(cors['access-control-allow-origin']).toBe(board);
  expect(cors['access-control-allow-methods']?.split(', ')).toContain(method);
  expect(cors['access-control-max-age']).toBe('600');
  expect(cors).not.toHaveProperty('access-control-allow-credentials');
  const headers = cors['access-control-allow-headers']?.toLowerCase().split(', ');
  const sent = ['content-type', 'authorization', 'x-api-key', 'idempotency-key', 'if-none-match', 'range'];
  for (const name of [...sent, 'tus-resumable', 'upload-offset', 'upload-metadata']) expect(headers).toContain(name);
});

test('a page of an allowed origin reads answers of every kind, errors as well', async () => {
  const { url } = await openHouse({ gate: guests });
  for (const [path, status] of [
    ['/v1/health', 200],
    [`/v1/jobs/${'0'.repeat(32)}`, 404],
    ['/v1/jobs?limit=x', 422],
    ['/nowhere', 404],
    ['/v1/video/submit', 405],
  ] as const) {
    const answer = await fetch(url + path, { headers: { Origin: board } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(board);
    expect(answer.headers.get('vary')).toContain('Origin');
    const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
    expect(exposed).toEqual(expect.arrayContaining(['ETag', 'Location', 'Upload-Offset', 'Vedette-Job-Id']));
  }
});

test('others are told nothing, cannot change anything, and what lies between keeps the answers apart', async () => {
  const { url } = await openHouse({ gate: guests });
  for (const origin of [evil, 'null', `${board}:8443`, 'http://board.lan']) {
    const asked = await preflight(`${url}/v1/jobs/${'0'.repeat(32)}`, 'DELETE', origin);
    expect(asked.ok).toBe(false);
    expect(corsOf(asked)).toEqual({});
    const read = await fetch(`${url}/v1/jobs`, { headers: { Origin: origin } });
    expect(corsOf(read)).toEqual({});
    expect(read.headers.get('vary')).toContain('Origin');
    const changed = await fetch(`${url}/v1/jobs/${'0'.repeat(32)}`, { method: 'DELETE', headers: { Origin: origin } });
    expect(changed.status).toBe(403);
  }
});

test('where no origin is allowed there is no word of it', async () => {
  const { url } = await openHouse();
  expect(corsOf(await preflight(`${url}/v1/jobs`, 'GET', board))).toEqual({});
  expect((await fetch(`${url}/v1/jobs`, { headers: { Origin: board } })).headers.get('vary')).toBeNull();
});

test('a preflight asks for no key, and what follows it does', async () => {
  const { url } = await openHouse({ gate: { ...guests, keyHashes } });
  const refused = await fetch(`${url}/v1/jobs`, { headers: { Origin: board } });
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, board]);
  expect((await fetch(`${url}/v1/jobs`, { headers: { Origin: board, 'X-API-Key': key } })).status).toBe(200);
});

test('a socket is opened for an allowed origin alone, and takes the key in its address', async () => {
  const { web, url } = await openWeb([], { gate: { ...guests, keyHashes } });
  web.socket('/v1/stream', {
    opened: (socket) => socket.send('welcome', false),
    received: () => undefined,
    closed: () => undefined,
  });
  const connect = (origin: string, query: string) => {
    const client = new WebSocket(`${url.replace('http', 'ws')}/v1/stream${query}`, { origin });
    client.on('error', () => undefined); // of a refused one: its test waits for the refusal
    onTestFinished(() => client.terminate());
    return client;
  };
  const refusal = async (origin: string, query: string) => {
    const [, response] = (await once(connect(origin, query), 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    return response.statusCode;
  };
  const shown = `?api_key=${encodeURIComponent(key)}`;
  expect(await refusal(evil, shown)).toBe(403);
  expect(await refusal(board, '')).toBe(401);
  expect(await refusal(board, '?api_key=wrong')).toBe(401);
  expect(String((await once(connect(board, shown), 'message'))[0])).toBe('welcome');
});

test('Socket.IO answers a page that polls, where its origin is allowed', async () => {
  const gate = new Gate({ ...openGate, ...guests });
  const { web, url } = await openWeb([], { gate: guests });
  const server = openLiveServer({ mayOpen: (one) => gate.mayOpen(one), mayConnect: () => true, log });
  onTestFinished(() => server.close());
  web.attach(server);
  const poll = (headers: Record<string, string>) => fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers });
  const allowed = await poll({ Origin: board });
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, board]);
  expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
  const refused = await poll({ Origin: evil });
  expect([refused.ok, corsOf(refused)]).toEqual([false, {}]);
  const program = await poll({});
  expect([program.status, corsOf(program)]).toEqual([200, {}]);
});
