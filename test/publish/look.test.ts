// What clients see beside the jobs: pictures only while they look, the log for who reads it, vitals and copies for all.
import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { App, us_listen_socket_close, us_socket_local_port, type us_listen_socket } from 'uWebSockets.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClientToServerEvents, LookTarget, ServerToClientEvents } from '../../appliance/contract/events.ts';
import type { PreviewView, Sight } from '../../appliance/contract/preview.ts';
import type { LogLine, Vitals } from '../../appliance/contract/system-api.ts';
import { Live } from '../../appliance/daemon/publish/live.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';
import { Wire } from './wire.ts';

type Client = Socket<ServerToClientEvents, ClientToServerEvents>;

const jobId = randomUUID();
const vitals: Vitals = {
  ...{ ts: 1, cpu: 0.5, memory_used_bytes: 1, memory_total_bytes: 2, temperature_c: null, gpu: null },
  ...{ disk_free_bytes: null, fps: 0, loop_delay_ms: 1, clients: 1 },
};
const line: LogLine = { n: 1, ts: 1, level: 'info', message: 'job created', details: '' };

let source: Source;
let live: Live;
let listening: us_listen_socket;
let app: ReturnType<typeof App>;
let lookers: RecordOf<boolean>;
const clients: Client[] = [];

beforeEach(async () => {
  source = new Source();
  lookers = new RecordOf();
  const { stream, snapshot, log } = source;
  const onLookers = (on: boolean) => lookers.add(on);
  live = new Live({ stream, snapshot, log, mayOpen: () => true, mayConnect: () => true, onLookers });
  app = App();
  live.attachApp(app);
  const socket = await new Promise<us_listen_socket | false>((resolve) => app.listen('127.0.0.1', 0, resolve));
  if (!socket) throw new Error('no port');
  listening = socket;
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  us_listen_socket_close(listening);
  await live.close();
  app.close();
});

function connect(options: object = {}, port = us_socket_local_port(listening)): Client {
  const client: Client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, ...options });
  clients.push(client);
  return client;
}

const look = (client: Client, target: unknown) =>
  new Promise<object>((resolve) => client.emit('look', target as LookTarget, resolve));
/** Whatever was sent before has come. */
const watchAll = (client: Client) => new Promise<object>((resolve) => client.emit('watch', { all: true }, resolve));

function seenBy(client: Client): RecordOf<PreviewView> {
  const seen = new RecordOf<PreviewView>();
  client.on('preview', seen.add);
  return seen;
}

function show(frame: number, picture = Buffer.from([0xff, 0xd8, 0xff, frame]), id = jobId): void {
  const box: [number, number, number, number] = [1, 2, 3, 4];
  const seen = { box, class: 'person', class_id: 0, confidence: 0.5, track_id: null };
  const size = { width: 64, height: 32 };
  const sight: Sight = { frame_index: frame, pts_s: frame / 25, ...size, objects: [seen], classes: { person: frame } };
  source.stream.emit({ kind: 'job-previewed', jobId: id, sight, picture });
}

const numbersOf = (seen: RecordOf<PreviewView>) => seen.all.map((one) => one.frame_index);

test('pictures come as they are, only to who looks, and only while it looks', async () => {
  const [one, two, other] = [connect(), connect(), connect()];
  const [seenByOne, seenByTwo, seenByOther] = [seenBy(one), seenBy(two), seenBy(other)];
  await watchAll(other);
  show(0);
  expect(await look(one, { preview: true })).toEqual({ ok: true });
  show(1);
  expect(await look(two, { preview: true })).toEqual({ ok: true });
  show(2);
  await seenByTwo.until((all) => all.length === 1);
  await look(one, {});
  show(3);
  await seenByTwo.until((all) => all.length === 2);
  await look(two, { log: true });
  show(4);
  await Promise.all([watchAll(one), watchAll(two), watchAll(other)]);
  expect([seenByOne, seenByTwo, seenByOther].map(numbersOf)).toEqual([[1, 2], [2, 3], []]);
  const { picture, ...told } = seenByOne.all[0] as PreviewView;
  expect(Buffer.from(picture as Uint8Array)).toEqual(Buffer.from([0xff, 0xd8, 0xff, 1]));
  expect(told).toMatchObject({ job_id: jobId, width: 64, pts_s: 0.04, classes: { person: 1 } });
  expect(told.objects).toEqual([{ box: [1, 2, 3, 4], class: 'person', class_id: 0, confidence: 0.5, track_id: null }]);
  expect(live.previews).toEqual({ told: 4, dropped: 0 });
});

test('says when the first looks and when the last has gone, however it went', async () => {
  const [one, two] = [connect(), connect({ transports: ['polling'] })];
  await look(one, { preview: true });
  await look(two, { preview: true });
  await look(one, { preview: true, log: true });
  await look(one, { preview: false });
  expect(lookers.all).toEqual([true]);
  two.disconnect();
  await lookers.until((all) => all.length === 2);
  expect(lookers.all).toEqual([true, false]);
});

test('a client that polls is shown pictures too', async () => {
  const client = connect({ transports: ['polling'] });
  const seen = seenBy(client);
  await look(client, { preview: true });
  const shown = setInterval(() => show(1), 5);
  await seen.until((all) => all.length > 2);
  clearInterval(shown);
  expect(seen.all[0]?.picture).toHaveLength(4);
});

test('the log is told to who reads it; vitals and copies to who watches everything', async () => {
  const [reader, watcher] = [connect(), connect()];
  const heard = new RecordOf<string>();
  reader.on('log', ({ lines }) => heard.add(`reader log ${lines.map(({ n }) => n).join()}`));
  watcher.on('log', () => heard.add('watcher log'));
  reader.on('vitals', () => heard.add('reader vitals'));
  watcher.on('vitals', (told) => heard.add(`watcher vitals ${told.cpu}`));
  watcher.on('imports', ({ copies }) => heard.add(`watcher imports ${copies.length}`));
  await look(reader, { log: true });
  await watchAll(watcher);
  source.stream.emit({ kind: 'logged', lines: [line, { ...line, n: 2 }] });
  source.stream.emit({ kind: 'vitals-taken', vitals });
  source.stream.emit({ kind: 'imports-changed', copies: [] });
  await heard.until((all) => all.length === 3);
  expect([...heard.all].sort()).toEqual(['reader log 1,2', 'watcher imports 0', 'watcher vitals 0.5']);
  await look(reader, {});
  source.stream.emit({ kind: 'logged', lines: [line] });
  await watchAll(reader);
  expect(heard.all).toHaveLength(3);
});

test('refuses what is no look, and who asks for too many', async () => {
  const client = connect();
  for (const wrong of [null, 1, { preview: 'yes' }, { log: 1 }, undefined]) {
    expect(await look(client, wrong)).toEqual({ error: expect.stringContaining('Expected') as string });
  }
  expect(lookers.all).toEqual([]);
  const gone = new Promise<void>((resolve) => client.once('disconnect', () => resolve()));
  for (let asked = 0; asked < 600; asked++) client.emit('look', { preview: asked % 2 === 0 });
  await gone;
  expect(live.cut).toBe(1);
  await lookers.until((all) => all.at(-1) === false);
});

test('a client that does not read is spared pictures, and is not cut for them', async () => {
  const port = us_socket_local_port(listening);
  const wire = await Wire.open(port);
  const stalled = connect({ reconnection: false }, Number(new URL(wire.url).port));
  const well = connect();
  const seenByWell = seenBy(well);
  try {
    await Promise.all([look(stalled, { preview: true }), look(well, { preview: true })]);
    wire.stall();
    const picture = Buffer.alloc(200_000, 0xff);
    for (let frame = 0; frame < 150; frame++) {
      show(frame, picture);
      await seenByWell.until((all) => all.length > frame);
    }
    expect(live.previews.dropped).toBeGreaterThan(50);
    expect(seenByWell.all).toHaveLength(150);
    expect(live.cut).toBe(0);
    expect(stalled.connected).toBe(true);
  } finally {
    await wire.close();
  }
});

test('of pictures that wait for many lookers, the newest of each job is told', async () => {
  const many = Array.from({ length: 45 }, () => connect());
  const seen = many.map(seenBy);
  await Promise.all(many.map((client) => look(client, { preview: true })));
  const second = randomUUID();
  for (let frame = 1; frame <= 4; frame++) {
    show(frame);
    show(frame, undefined, second);
  }
  await Promise.all(seen.map((one) => one.until((all) => all.length === 3)));
  await Promise.all(many.map(watchAll));
  for (const one of seen) {
    expect(one.all.map((told) => [told.job_id === jobId, told.frame_index])).toEqual([
      [true, 1],
      [false, 4],
      [true, 4],
    ]);
  }
  expect(live.previews).toEqual({ told: 135, dropped: 225 });
});
