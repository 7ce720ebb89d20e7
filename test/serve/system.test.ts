// What the System screen asks a real daemon: health, vitals, log, addresses, backups, licences.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ClientToServerEvents, ServerToClientEvents } from '../../appliance/contract/events.ts';
import {
  Addresses,
  BackupList,
  BackupView,
  Health,
  type HealthPart,
  type LogLine,
  LogTail,
  VitalsHistory,
} from '../../appliance/contract/system-api.ts';
import { freePort } from '../support/broker.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { fillDisk, smallDisk, whyNoDisk } from '../support/small-disk.ts';
import { tempData } from '../support/temp-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const patience = { timeout: 20_000, interval: 50 };
const key = 'correct-horse-battery';

async function start(settings: Readonly<Record<string, unknown>> = {}, env = {}, folder = tempData()) {
  const config = join(folder, 'vedette.yaml');
  writeFileSync(config, JSON.stringify({ node: 'box', ...settings }));
  return startDaemon({ folder, env: { VEDETTE_CONFIG: config, ...env } });
}

async function ask({ url }: RunningDaemon, path: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(url + path, init);
  expect(answer.status, `${path}: ${await answer.clone().text()}`).toBe(200);
  return answer.json();
}

function connect({ url }: RunningDaemon): Socket<ServerToClientEvents, ClientToServerEvents> {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { transports: ['websocket'] });
  onTestFinished(() => void socket.disconnect());
  return socket;
}

async function healthOf(daemon: RunningDaemon): Promise<Partial<Record<HealthPart['part'], HealthPart>>> {
  const { parts } = Health.parse(await ask(daemon, '/v1/system/health'));
  return Object.fromEntries(parts.map((part) => [part.part, part]));
}

const codes = async (daemon: RunningDaemon) =>
  Object.fromEntries(
    Object.entries(await healthOf(daemon)).map(([part, { code, state }]) => [part, `${state} ${code}`]),
  );

test('a daemon that is well says so part by part, shows its vitals and its log, and is reached by nobody else', async () => {
  const daemon = await start();
  await daemon.logged('ready for jobs');
  expect(await codes(daemon)).toMatchObject({
    worker: 'ok worker-ready',
    model: 'ok model-ready',
    database: 'ok database-ok',
    mqtt: 'off mqtt-off',
    backups: 'ok backups-none',
    network: 'off network-local',
  });
  const { model, network } = await healthOf(daemon);
  expect(model?.sentence).toBe('The model demo is in use and runs on cpu.');
  expect(model?.values).toEqual({ model: 'demo', provider: 'cpu' });
  expect(network?.remedy).toMatch(/serve\.host/);

  const vitals = async () => VitalsHistory.parse(await ask(daemon, '/v1/system/vitals'));
  await expect.poll(async () => (await vitals()).samples.length, patience).toBeGreaterThan(0);
  const { every_s, samples } = await vitals();
  expect(every_s).toBe(10);
  expect(samples[0]?.disk_free_bytes).toBeGreaterThan(0);

  const { lines } = LogTail.parse(await ask(daemon, '/v1/system/log?limit=500'));
  expect(lines.map(({ message }) => message)).toEqual(expect.arrayContaining(['listening', 'ready for jobs']));
  expect(lines.map(({ n }) => n)).toEqual(lines.map((_, at) => at + 1));
  expect(await ask(daemon, '/v1/system/log?level=fatal')).toEqual({ lines: [] });
  for (const query of ['limit=0', 'limit=501', 'level=loud']) {
    expect((await fetch(`${daemon.url}/v1/system/log?${query}`)).status).toBe(422);
  }
  expect(Addresses.parse(await ask(daemon, '/v1/system/addresses'))).toEqual({ urls: [], locked: false });
}, 60_000);

test('where other devices reach it is told with the port, and the key is asked for and never logged', async () => {
  const daemon = await start(
    { serve: { host: '0.0.0.0' }, log: 'debug' },
    { VEDETTE_API_KEY: key, VEDETTE_MQTT_URL: `mqtt://box:${key}@127.0.0.1:${await freePort()}` },
  );
  const { port } = new URL(daemon.url);
  const here = { ...daemon, url: `http://127.0.0.1:${port}` };
  for (const path of ['health', 'vitals', 'log', 'addresses', 'backups']) {
    expect((await fetch(`${here.url}/v1/system/${path}`)).status).toBe(401);
  }
  expect((await fetch(`${here.url}/v1/licences`)).status).toBe(401);
  const authorised = { headers: { Authorization: `Bearer ${key}` } };
  const { urls, locked } = Addresses.parse(await ask(here, '/v1/system/addresses', authorised));
  expect(locked).toBe(true);
  for (const url of urls) expect(new URL(url).port).toBe(port);
  expect(urls.join()).not.toMatch(/127\.0\.0\.1|localhost/);
  await daemon.logged('MQTT broker away');
  const text = JSON.stringify(await ask(here, '/v1/system/log?limit=500', authorised));
  expect(text).toContain('mqtt://***@127.0.0.1');
  expect(text).not.toContain(key);
}, 60_000);

test('a broker that is away is a warning with a remedy, and new lines of the log are told as they come', async () => {
  const broker = `mqtt://127.0.0.1:${await freePort()}`;
  const daemon = await start({}, { VEDETTE_MQTT_URL: broker });
  await daemon.logged('MQTT broker away');
  const { mqtt } = await healthOf(daemon);
  expect(mqtt).toMatchObject({ state: 'warning', code: 'mqtt-away', values: { broker } });
  expect(mqtt?.sentence).toContain(broker);
  expect(mqtt?.remedy).toMatch(/Start the broker/);
  const { lines } = LogTail.parse(await ask(daemon, '/v1/system/log?level=warn'));
  expect(lines.map(({ message }) => message)).toContain('MQTT broker away');

  const socket = connect(daemon);
  const told: LogLine[] = [];
  socket.on('log', (log) => told.push(...log.lines));
  await socket.emitWithAck('look', { log: true });
  await ask(daemon, '/v1/system/backup', { method: 'POST' });
  await expect.poll(() => told.map(({ message }) => message), patience).toContain('database backed up');
}, 60_000);

test('a backup is made when it is asked for, one at a time, and listed with its size', async () => {
  const daemon = await start({ storage: { backups_kept: 0 } });
  await daemon.logged('ready for jobs');
  expect(await codes(daemon)).toMatchObject({ backups: 'off backups-off' });
  expect(await ask(daemon, '/v1/system/backups')).toEqual({ backups: [] });
  const post = () => fetch(`${daemon.url}/v1/system/backup`, { method: 'POST' });
  const answers = await Promise.all([post(), post()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
  const made = BackupView.parse(await answers.find(({ status }) => status === 200)?.json());
  expect(made.bytes).toBeGreaterThan(4096);
  expect(BackupList.parse(await ask(daemon, '/v1/system/backups'))).toEqual({ backups: [made] });
  expect(
    readFileSync(join(daemon.folder, 'backups', made.name))
      .subarray(0, 15)
      .toString(),
  ).toBe('SQLite format 3');
  expect(Date.now() - new Date(made.made_at).getTime()).toBeLessThan(60_000);
}, 60_000);

test('the licences are told as they lie in the installation', async () => {
  const daemon = await start();
  const answer = await fetch(`${daemon.url}/v1/licences`);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const text = await answer.text();
  for (const name of ['LICENSE', 'THIRD-PARTY.md']) expect(text).toContain(readFileSync(join(root, name), 'utf8'));
}, 60_000);

const noDisk = whyNoDisk();
if (noDisk !== null) process.stderr.write(`SKIPPED: health of a disk that is low: no disk can be mounted: ${noDisk}\n`);

describe.skipIf(noDisk !== null)('a disk that', () => {
  test('is low is said with its numbers, takes no backup, and is well again when there is room', async () => {
    const folder = smallDisk(64);
    const daemon = await start({ serve: { disk_reserve_mb: 16 }, log: 'info' }, {}, folder);
    const socket = connect(daemon);
    const told: string[] = [];
    socket.on('system', ({ disk }) => told.push(disk?.state ?? 'unknown'));
    await socket.emitWithAck('watch', { all: true });
    await expect.poll(async () => (await healthOf(daemon)).disk?.code, patience).toBe('disk-ok');
    fillDisk(folder, 24 * 2 ** 20);
    await expect.poll(async () => (await healthOf(daemon)).disk?.code, patience).toBe('disk-filling');
    fillDisk(folder, 8 * 2 ** 20);
    await expect.poll(() => told.at(-1), patience).toBe('low');
    const { disk } = await healthOf(daemon);
    expect(disk).toMatchObject({ state: 'bad', code: 'disk-low', values: { reserve_bytes: 16 * 2 ** 20 } });
    expect(disk?.sentence).toMatch(/^The disk is nearly full: [\d.]+ MB are free, and 16\.8 MB must stay free/);
    const refused = await fetch(`${daemon.url}/v1/system/backup`, { method: 'POST' });
    expect(refused.status).toBe(507);
    expect(await refused.text()).toMatch(/Not enough space for a backup: .* Remove finished jobs/);
    rmSync(join(folder, 'filling'));
    await expect.poll(() => told.at(-1), patience).toBe('ok');
    expect(await codes(daemon)).toMatchObject({ disk: 'ok disk-ok' });
  }, 60_000);
});
