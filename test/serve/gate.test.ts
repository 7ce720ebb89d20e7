// Who may come in: keys, origins and host names, for requests and sockets.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Gate } from '../../appliance/daemon/serve/gate.ts';
import type { PlainSocket } from '../../appliance/daemon/serve/plain-sockets.ts';
import { openGate, openHouse, openWeb, read } from './house.ts';
import { rawRequest } from './raw.ts';

const key = 'correct horse';
const keyHashes = [createHash('sha256').update('other').digest('hex'), createHash('sha256').update(key).digest('hex')];

async function statusWith(port: number, request: string): Promise<number> {
  const client = rawRequest(port, `${request}\r\nConnection: close\r\n\r\n`);
  onTestFinished(() => client.close());
  return Number((await client.closed()).slice(9, 12));
}

test('with keys set, everything but health and the kiosk asks for one, in either header', async () => {
  const { url } = await openHouse({ gate: { keyHashes } });
  const refused = await read(`${url}/v1/jobs`);
  expect(refused).toMatchObject({ status: 401, body: { detail: 'A valid API key is required' } });
  expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
  for (const headers of [{ 'X-API-Key': 'wrong' }, { Authorization: `Basic ${key}` }, { 'X-API-Key': '' }]) {
    expect((await fetch(`${url}/v1/jobs`, { headers })).status).toBe(401);
  }
  for (const headers of [{ 'X-API-Key': key }, { 'X-API-Key': 'other' }, { Authorization: 'Bearer other' }]) {
    expect((await fetch(`${url}/v1/jobs`, { headers })).status).toBe(200);
  }
  for (const path of ['/healthz', '/readyz', '/v1/health']) expect((await fetch(url + path)).status).toBe(200);
  expect((await fetch(url)).status).toBe(503); // the kiosk is not built, which needs no key to be told
  for (const path of ['/metrics', '/openapi.json', '/v1/worker/health']) {
    expect((await fetch(url + path)).status).toBe(401);
  }
});

test('a page of another origin cannot change anything, and one of ours or an allowed one can', async () => {
  const { port } = await openHouse({ gate: { allowedOrigins: ['https://board.lan'] } });
  const from = (origin: string) =>
    statusWith(port, `DELETE /v1/jobs/${'0'.repeat(32)} HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: ${origin}`);
  expect(await from('https://evil.example')).toBe(403);
  expect(await from('null')).toBe(403);
  expect(await from(`http://localhost:${port + 1}`)).toBe(403);
  expect(await from(`http://localhost:${port}`)).toBe(404);
  expect(await from('https://board.lan')).toBe(404);
});

test('a page of an allowed origin may ask beforehand and read the answer; others may not', async () => {
  const { url } = await openHouse({ gate: { allowedOrigins: ['https://board.lan'] } });
  const preflight = (Origin: string) =>
    fetch(`${url}/v1/jobs`, { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': 'GET' } });
  const allowed = await preflight('https://board.lan');
  expect(allowed.status).toBe(200);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://board.lan');
  expect(allowed.headers.get('access-control-allow-headers')).toContain('X-API-Key');
  expect((await preflight('https://evil.example')).status).toBe(405);
  const read = await fetch(`${url}/v1/jobs`, { headers: { Origin: 'https://evil.example' } });
  expect(read.headers.get('access-control-allow-origin')).toBeNull();
});

test('on loopback without a key, a name that merely leads here is refused (DNS rebinding)', async () => {
  const { port } = await openHouse({ gate: { allowedOrigins: ['https://board.lan'] } });
  const by = (host: string) => statusWith(port, `GET /v1/health HTTP/1.1\r\nHost: ${host}`);
  for (const host of ['localhost', `LocalHost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'board.lan']) {
    expect(await by(host)).toBe(200);
  }
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.nip.io']) {
    expect(await by(host)).toBe(403);
  }
});

test('with a key, or beyond loopback, any host name will do', () => {
  const caller = { host: 'vedette.lan:8000', key };
  for (const options of [{ keyHashes }, { loopback: false, open: true }]) {
    const gate = new Gate({ ...openGate, ...options });
    expect(() => gate.check(caller, { changes: true, free: false })).not.toThrow();
  }
});

test('a socket is asked for its origin first and for its key when that is known', () => {
  const gate = new Gate({ ...openGate, keyHashes });
  const caller = { host: 'vedette.lan', origin: 'http://vedette.lan' };
  expect(gate.mayOpen(caller)).toBe(true);
  expect(gate.mayConnect(caller)).toBe(false);
  expect(gate.mayConnect({ ...caller, key })).toBe(true);
  expect(gate.mayConnect({ ...caller, key, origin: 'http://evil.example' })).toBe(false);
  expect(gate.mayOpen({ host: 'vedette.lan', origin: 'not a url' })).toBe(false);
});

async function openSockets(gate: Partial<typeof openGate> = {}) {
  const heard: string[] = [];
  const opened: { socket: PlainSocket; parameter: string }[] = [];
  const { web, port } = await openWeb([], { gate });
  web.socket('/v1/ws/jobs/{job_id}', {
    opened: (socket, parameter) => {
      opened.push({ socket, parameter });
      socket.send(`welcome ${parameter}`, false);
    },
    received: (socket, message) => {
      const text = message.toString();
      if (text === 'break') throw new Error('a mistake');
      heard.push(text);
      socket.send(`heard ${text}`, true);
    },
    closed: () => heard.push('closed'),
  });
  const connect = (headers: Record<string, string> = {}) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/v1/ws/jobs/some%20id`, { headers });
    client.on('error', () => undefined); // of a refused one: its test waits for the refusal
    onTestFinished(() => client.terminate());
    return client;
  };
  return { web, heard, opened, connect };
}

test('a plain socket is opened with its parameter, heard, answered and closed', async () => {
  const { heard, opened, connect } = await openSockets();
  const client = connect();
  const told: string[] = [];
  client.on('message', (data: Buffer) => told.push(data.toString()));
  await once(client, 'message');
  client.send('ping');
  await once(client, 'message');
  expect(told).toEqual(['welcome some id', 'heard ping']);
  opened[0]?.socket.close(4404, 'Job not found');
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4404, 'Job not found']);
  expect(heard).toEqual(['ping', 'closed']);
  // After its end a socket takes anything and does nothing.
  opened[0]?.socket.send('late', false);
  opened[0]?.socket.close(1000, '');
});

test('a handler that throws costs its own socket only', async () => {
  const { connect } = await openSockets();
  const [broken, well] = [connect(), connect()];
  await Promise.all([once(broken, 'message'), once(well, 'message')]);
  broken.send('break');
  expect((await once(broken, 'close'))[0]).toBe(1011);
  well.send('still here');
  expect(String((await once(well, 'message'))[0])).toBe('heard still here');
});

test('a plain socket of another origin or without the key is refused at the upgrade', async () => {
  const { connect } = await openSockets({ keyHashes });
  const refusal = async (headers: Record<string, string>) => {
    const [, response] = (await once(connect(headers), 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  };
  expect(await refusal({})).toBe(401);
  expect(await refusal({ 'X-API-Key': 'wrong' })).toBe(401);
  expect(await refusal({ 'X-API-Key': key, Origin: 'https://evil.example' })).toBe(403);
  const client = connect({ Authorization: `Bearer other` });
  expect(String((await once(client, 'message'))[0])).toBe('welcome some id');
});

test('a plain socket that does not read is closed and not buffered without end', async () => {
  const { heard, opened, connect } = await openSockets();
  const client = connect();
  await once(client, 'message');
  client.pause();
  const [visit] = opened;
  for (let sent = 0; sent < 400 && heard.length === 0; sent += 1) visit?.socket.send('x'.repeat(64 * 1024), true);
  expect(heard).toEqual([]);
  for (let sent = 0; sent < 400 && heard.length === 0; sent += 1) {
    visit?.socket.send('x'.repeat(64 * 1024), false);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(heard).toEqual(['closed']);
});

test('closing the server says goodbye to its sockets', async () => {
  const { web, connect } = await openSockets();
  const client = connect();
  await once(client, 'message');
  const closed = once(client, 'close');
  await web.close();
  expect((await closed)[0]).toBe(1001);
});
