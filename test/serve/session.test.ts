// Sessions of browsers: a cookie that stands for the key, for the appliance's own pages and nobody else's.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { io } from 'socket.io-client';
import { openDoor } from '../../appliance/daemon/door-part.ts';
import { readConfig } from '../../appliance/daemon/config.ts';
import { Live } from '../../appliance/daemon/publish/live.ts';
import { sessionRoutes } from '../../appliance/daemon/serve/session-routes.ts';
import { Sessions } from '../../appliance/daemon/serve/sessions.ts';
import { Web } from '../../appliance/daemon/serve/web.ts';
import { Source } from '../publish/source.ts';
import { tempData } from '../support/temp-data.ts';
import { log, openHouse } from './house.ts';

const key = 'correct-horse';
const keyHashes = [createHash('sha256').update(key).digest('hex')];
const withKey = { 'X-API-Key': key };

async function openLocked(allowedOrigins: string[] = []) {
  const sessions = new Sessions();
  const house = await openHouse({
    gate: { keyHashes, sessions, allowedOrigins },
    routes: sessionRoutes({ sessions }),
  });
  const begin = async (headers: Record<string, string> = withKey): Promise<string> => {
    const answer = await fetch(`${house.url}/v1/session`, { method: 'POST', headers });
    expect(answer.status).toBe(204);
    return answer.headers.get('set-cookie') ?? '';
  };
  /** As the browser sends it. */
  const cookie = async (): Promise<string> => (await begin()).split(';')[0] ?? '';
  const status = async (path: string, init: RequestInit) => (await fetch(house.url + path, init)).status;
  return { ...house, begin, cookie, status };
}

test('a valid key begins a session, whose cookie no script reads and no other site gets sent', async () => {
  const { url, begin, status } = await openLocked();
  expect(await begin()).toMatch(/^vedette_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
  expect(await begin({ Authorization: `Bearer ${key}` })).toMatch(/^vedette_session=/);
  expect(await begin({ ...withKey, 'X-Forwarded-Proto': 'https' })).toMatch(/; Secure$/);
  for (const headers of [{}, { 'X-API-Key': 'wrong' }, { Cookie: 'vedette_session=made-up' }]) {
    expect(await status('/v1/session', { method: 'POST', headers })).toBe(401);
  }
  const answer = await fetch(`${url}/v1/session`, { method: 'POST', headers: withKey });
  expect([answer.headers.get('cache-control'), await answer.text()]).toEqual(['no-store', '']);
});

test('where no key is asked for, anybody may begin one', async () => {
  const sessions = new Sessions();
  const { url } = await openHouse({ gate: { sessions }, routes: sessionRoutes({ sessions }) });
  expect((await fetch(`${url}/v1/session`, { method: 'POST' })).status).toBe(204);
});

test('the cookie opens what the key opens, until the session is ended', async () => {
  const { cookie, status } = await openLocked();
  const Cookie = await cookie();
  expect(await status('/v1/jobs', { headers: {} })).toBe(401);
  expect(await status('/v1/jobs', { headers: { Cookie } })).toBe(200);
  expect(await status('/v1/jobs', { headers: { Cookie: `theme=dark; ${Cookie}; x=y` } })).toBe(200);
  const remove = { method: 'DELETE', headers: { Cookie } };
  expect(await status(`/v1/jobs/${'0'.repeat(32)}`, remove)).toBe(404);
  // A key that is shown counts, and a wrong one is wrong.
  expect(await status('/v1/jobs', { headers: { Cookie, 'X-API-Key': 'wrong' } })).toBe(401);
  expect(await status('/v1/session', remove)).toBe(204);
  expect(await status('/v1/jobs', { headers: { Cookie } })).toBe(401);
  expect(await status('/v1/session', remove)).toBe(204);
});

test('the cookie lets no page of another origin change or read anything, not even of an allowed one', async () => {
  const { url, port, cookie } = await openLocked(['https://board.lan']);
  const Cookie = await cookie();
  const asked = async (method: string, headers: Record<string, string>) => {
    const answer = await fetch(`${url}/v1/jobs`, { method, headers: { Cookie, ...headers } });
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    return answer.status;
  };
  expect(await asked('GET', { Origin: `http://127.0.0.1:${port}` })).toBe(200);
  expect(await asked('GET', { 'Sec-Fetch-Site': 'same-origin' })).toBe(200);
  expect(await asked('GET', { 'Sec-Fetch-Site': 'none' })).toBe(200);
  for (const Origin of ['https://evil.example', 'https://board.lan', 'null', `http://127.0.0.1:${port + 1}`]) {
    expect(await asked('GET', { Origin })).toBe(401);
  }
  for (const site of ['cross-site', 'same-site']) expect(await asked('GET', { 'Sec-Fetch-Site': site })).toBe(401);

  const change = async (Origin: string) => {
    const path = `${url}/v1/jobs/${'0'.repeat(32)}`;
    return (await fetch(path, { method: 'DELETE', headers: { Cookie, Origin } })).status;
  };
  expect(await change('https://evil.example')).toBe(403);
  expect(await change(`http://127.0.0.1:${port + 1}`)).toBe(403);
  expect(await change('https://board.lan')).toBe(401);
  const begun = await fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { ...withKey, Origin: 'https://evil.example' },
  });
  expect([begun.status, begun.headers.get('set-cookie')]).toEqual([403, null]);
  const preflight = await fetch(`${url}/v1/jobs`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://board.lan', 'Access-Control-Request-Method': 'GET' },
  });
  expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
});

test('a plain WebSocket takes the cookie from a page of ours, and from no other', async () => {
  const { web, port, cookie } = await openLocked(['https://board.lan']);
  web.socket('/v1/ws/{name}', {
    opened: (socket) => socket.send('welcome', false),
    received: () => undefined,
    closed: () => undefined,
  });
  const Cookie = await cookie();
  const connect = (headers: Record<string, string>) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/v1/ws/x`, { headers });
    client.on('error', () => undefined); // of a refused one: the test waits for the refusal
    onTestFinished(() => client.terminate());
    return client;
  };
  const refusal = async (headers: Record<string, string>) => {
    const [, response] = (await once(connect(headers), 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  };
  const own = `http://127.0.0.1:${port}`;
  expect(String((await once(connect({ Cookie, Origin: own }), 'message'))[0])).toBe('welcome');
  expect(await refusal({ Origin: own })).toBe(401);
  expect(await refusal({ Cookie, Origin: 'https://evil.example' })).toBe(403);
  expect(await refusal({ Cookie, Origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
  expect(await refusal({ Cookie, Origin: 'https://board.lan' })).toBe(401);
});

test('Socket.IO takes the cookie from a page of ours, and from no other', async () => {
  // The key is read as an operator sets it, and the door made as the daemon makes it.
  const config = readConfig({ VEDETTE_CONFIG: '/dev/null', VEDETTE_DATA: tempData(), VEDETTE_API_KEY: key });
  const door = await openDoor(config, log);
  const web = new Web({ host: '127.0.0.1', port: 0, gate: door.gate, log });
  onTestFinished(() => web.close());
  web.route(...sessionRoutes(door));
  const source = new Source();
  const live = new Live({ stream: source.stream, snapshot: source.snapshot, log: source.log, ...door });
  onTestFinished(() => live.close());
  web.attach(live);
  const { port } = await web.listen();
  const own = `http://127.0.0.1:${port}`;
  const begun = await fetch(`${own}/v1/session`, { method: 'POST', headers: withKey });
  const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
  const outcome = async (extraHeaders: Record<string, string>, transport: 'polling' | 'websocket') => {
    const client = io(own, { transports: [transport], extraHeaders, reconnection: false, forceNew: true });
    onTestFinished(() => void client.close());
    return new Promise<string>((resolve) => {
      client.on('connect', () => resolve('welcome'));
      client.on('connect_error', () => resolve('refused'));
    });
  };
  for (const transport of ['polling', 'websocket'] as const) {
    expect(await outcome({ cookie, origin: own }, transport)).toBe('welcome');
    expect(await outcome({ origin: own }, transport)).toBe('refused');
    expect(await outcome({ cookie, origin: 'https://evil.example' }, transport)).toBe('refused');
    expect(await outcome({ cookie, origin: `http://127.0.0.1:${port + 1}` }, transport)).toBe('refused');
  }
  expect(JSON.stringify(source.book.lines)).not.toContain(cookie.split('=')[1]);
});

test('a session ends 24 hours after its last use, and the one that was not used for the longest makes room', () => {
  const clock = { ms: 0 };
  const sessions = new Sessions({ most: 2, now: () => clock.ms });
  const hour = 3_600_000;
  const first = sessions.begin();
  clock.ms += 23 * hour;
  expect(sessions.holds(first)).toBe(true);
  clock.ms += 23 * hour;
  expect(sessions.holds(first)).toBe(true);
  clock.ms += 25 * hour;
  expect(sessions.holds(first)).toBe(false);

  const [second, third] = [sessions.begin(), sessions.begin()];
  expect(sessions.holds(second)).toBe(true);
  sessions.begin();
  expect([second, third].map((token) => sessions.holds(token))).toEqual([true, false]);
});
