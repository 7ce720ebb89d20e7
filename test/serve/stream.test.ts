// Live streams of pictures: frames in, what is seen out, what is left out when there are too many, and whole through the daemon.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { Fault } from '../../appliance/contract/fault.ts';
import type { Look, LookedAt } from '../../appliance/daemon/jobs/looker.ts';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { mostDocumentBytes, mostPictureBytes } from '../../appliance/daemon/serve/cut-picture.ts';
import { pluginRunRoutes } from '../../appliance/daemon/serve/plugin-run-routes.ts';
import { StreamSockets } from '../../appliance/daemon/serve/stream-socket.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { noFfmpeg } from '../support/worker-media.ts';
import { videoForm } from './form.ts';
import { log, openWeb, read } from './house.ts';

const Message = z.object({ type: z.string(), payload: z.record(z.string(), z.unknown()) });
type Message = z.infer<typeof Message>;
const image_data = Buffer.from('a picture, as it were').toString('base64');
const nothing = { detections: { xyxy: [], confidence: [], class_id: [], class_name: [] } };
const plugins = new PluginCatalogue();

/** The other side: looks when it is told to. */
class SlowLooker {
  readonly asked: Look[] = [];
  readonly forgotten: string[] = [];
  readonly #waiting: ((end: LookedAt | Fault) => void)[] = [];

  look(look: Look): Promise<LookedAt> {
    this.asked.push(look);
    return new Promise((resolve, reject) => {
      this.#waiting.push((end) => {
        if (end instanceof Fault) reject(end);
        else resolve(end);
      });
    });
  }

  forget(stream: string): void {
    this.forgotten.push(stream);
  }

  answer(fault?: Fault): void {
    const at = this.asked.at(-this.#waiting.length);
    const outputs = Object.fromEntries((at?.tools ?? []).map((tool) => [tool, nothing]));
    this.#waiting.shift()?.(fault ?? { width: 4, height: 3, outputs, ms: 1.23 });
  }
}

class Client {
  readonly told: Message[] = [];
  readonly closed: Promise<[number, string]>;
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on('error', () => undefined); // its test waits for the end
    this.#socket.on('message', (data: Buffer) => this.told.push(Message.parse(JSON.parse(data.toString()))));
    this.closed = new Promise((done) => {
      this.#socket.on('close', (code, reason) => done([code, reason.toString()]));
    });
    onTestFinished(() => this.#socket.terminate());
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  end(): void {
    this.#socket.close();
  }

  /** The next message of this type that was not asked for yet. */
  async next(type: string): Promise<Message['payload']> {
    await expect.poll(() => this.told.map((message) => message.type)).toContain(type);
    const at = this.told.findIndex((message) => message.type === type);
    return this.told.splice(0, at + 1).at(-1)?.payload ?? {};
  }
}

async function openStreams(most = 2) {
  const looker = new SlowLooker();
  const streams = new StreamSockets({ looker, plugins, most, log });
  const { web, url } = await openWeb(pluginRunRoutes({ looker, plugins, most: 2 }));
  web.socket('/v1/stream', {
    opened: (socket, _, query) => streams.opened(socket, query),
    received: (socket, message) => streams.received(socket, message),
    closed: (socket) => streams.closed(socket),
    mostBytes: mostDocumentBytes,
  });
  const connect = async (query = '') => {
    const client = new Client(`${url.replace('http', 'ws')}/v1/stream${query}`);
    await client.next('connected');
    return client;
  };
  return { looker, streams, url, connect };
}

const frame = (frame_id: string, more: object = {}) => ({ type: 'frame', frame_id, image_data, ...more });

test('a frame is answered by what each tool sees in it', async () => {
  const { looker, connect } = await openStreams();
  const client = await connect();
  client.send(frame('f-1', { tools: ['player_detection', 'track'], plugin_id: 'yolo' }));
  await expect.poll(() => looker.asked.length).toBe(1);
  expect(looker.asked[0]).toMatchObject({
    ...{ pluginId: 'yolo-tracker', tools: ['player_detection', 'video_player_tracking'], ptsS: 0, form: 'text' },
    picture: Buffer.from(image_data),
  });
  looker.answer();
  expect(await client.next('result')).toMatchObject({
    ...{ frame_id: 'f-1', plugin: 'yolo-tracker', frame_index: 0, pts_s: 0, width: 4, height: 3 },
    ...{ player_detection: nothing, video_player_tracking: nothing },
    ...{ processing_ms: 1.2, processing_time_ms: 1.2, dropped: 0 },
  });
});

test('frames that name no tool get those of the connection, else the first one for pictures', async () => {
  const { looker, connect } = await openStreams();
  const [plain, named] = [await connect(), await connect('?plugin=yolo&tool=track')];
  plain.send(frame('1'));
  named.send(frame('2'));
  await expect
    .poll(() => looker.asked.map(({ tools }) => tools).sort())
    .toEqual([['player_detection'], ['video_player_tracking']]);
  looker.answer();
  expect((await plain.next('result'))['result']).toEqual(nothing);
  named.send({ type: 'switch_plugin', plugin: 'nobody' });
  expect(await named.next('error')).toMatchObject({ code: 'plugin-not-found', error: "Plugin 'nobody' not found" });
  named.send({ type: 'switch_plugin', plugin: 'yolo' });
  expect(await named.next('plugin_switched')).toEqual({ plugin: 'yolo-tracker' });
});

test('one frame is looked at, two wait, and of more the oldest are left out and counted', async () => {
  const { looker, connect } = await openStreams();
  const client = await connect();
  for (const id of ['1', '2', '3', '4', '5']) client.send(frame(id));
  client.send({ type: 'ping' });
  expect(await client.next('pong')).toEqual({});
  expect(looker.asked).toHaveLength(1);
  const answers = [];
  for (let at = 0; at < 3; at++) {
    await expect.poll(() => looker.asked.length).toBe(at + 1);
    looker.answer();
    const { frame_id, dropped } = await client.next('result');
    answers.push([frame_id, dropped]);
  }
  expect(answers).toEqual([
    ['1', 2],
    ['4', 0],
    ['5', 0],
  ]);
});

test('what is wrong with a frame is told with its id, and the stream goes on', async () => {
  const { looker, connect } = await openStreams();
  const client = await connect();
  const fails = async (message: unknown, payload: object) => {
    client.send(message);
    expect(await client.next('error')).toMatchObject(payload);
  };
  await fails('no JSON', { code: 'malformed-request' });
  await fails([], { code: 'malformed-request' });
  await fails({ type: 'dance', frame_id: 'x' }, { message: 'There is no message of type "dance".', frame_id: 'x' });
  await fails({ type: 'frame', frame_id: 'x' }, { code: 'malformed-request', frame_id: 'x' });
  await fails({ type: 'frame', frame_id: 'x', meta: { image_data } }, { code: 'malformed-request', frame_id: 'x' });
  await fails(frame('x', { tools: ['nothing'] }), { code: 'tool-not-found', frame_id: 'x' });
  await fails(frame('x', { plugin_id: 'nobody' }), { code: 'plugin-not-found', frame_id: 'x' });
  await fails(frame('x', { note: 'n'.repeat(20_000) }), { code: 'malformed-request' });
  const huge = 'A'.repeat(Math.ceil(mostPictureBytes / 3) * 4 + 4);
  await fails(frame('x', { image_data: huge }), { code: 'upload-too-large' });
  client.send(frame('torn'));
  await expect.poll(() => looker.asked.length).toBe(1);
  looker.answer(new Fault('source-undecodable', 'The picture is cut off or damaged; it cannot be decoded.'));
  expect(await client.next('error')).toMatchObject({ code: 'source-undecodable', frame_id: 'torn' });
  client.send(frame('well'));
  await expect.poll(() => looker.asked.length).toBe(2);
  looker.answer();
  expect(await client.next('result')).toMatchObject({ frame_id: 'well', frame_index: 0 });
});

test('a text that looks like the field does not pass for it', async () => {
  const { looker, connect } = await openStreams();
  const client = await connect();
  const tricky = { type: 'frame', frame_id: '"image_data":"x"', note: 'image_data', image_data };
  client.send(tricky);
  await expect.poll(() => looker.asked.length).toBe(1);
  expect(looker.asked[0]?.picture.toString()).toBe(image_data);
  looker.answer();
  expect(await client.next('result')).toMatchObject({ frame_id: '"image_data":"x"' });
});

test('more streams than are allowed are turned away with a reason', async () => {
  const { streams, connect, url } = await openStreams(1);
  const first = await connect();
  const second = new Client(`${url.replace('http', 'ws')}/v1/stream`);
  expect(await second.closed).toEqual([4429, 'Only 1 streams at the same time']);
  expect(streams.clients()).toBe(1);
  first.end();
  await first.closed;
  await expect.poll(() => streams.clients()).toBe(0);
  await connect();
});

test('a stream that ends is forgotten, and what it waited for is nobody’s', async () => {
  const { looker, connect } = await openStreams();
  const client = await connect();
  client.send(frame('1'));
  await expect.poll(() => looker.asked.length).toBe(1);
  client.end();
  await expect.poll(() => looker.forgotten).toEqual([looker.asked[0]?.stream]);
  expect(looker.asked[0]?.signal.aborted).toBe(true);
});

test('a tool runs on one picture, in JSON or in a form', async () => {
  const { looker, url } = await openStreams();
  const run = `${url}/v1/plugins/yolo/tools/player_detection/run`;
  const post = (body: unknown) => read(run, { method: 'POST', body: JSON.stringify(body) });
  const answered = async (asking: ReturnType<typeof post>) => {
    const before = looker.asked.length;
    await expect.poll(() => looker.asked.length).toBe(before + 1);
    looker.answer();
    return asking;
  };
  const picture = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(60)]);
  const result = {
    frames: [{ frame_index: 0, pts_s: 0, ...nothing }],
    summary: { total_frames: 1, total_detections: 0, classes: {}, fps: 0, duration_s: 0 },
    ...{ width: 4, height: 3 },
  };
  const named = { plugin: 'yolo-tracker', tool: 'player_detection', plugin_id: 'yolo-tracker' };
  const times = { tool_name: 'player_detection', processing_ms: 1.2, processing_time_ms: 1.2 };
  const whole = { ...named, ...times, result };
  expect(await answered(post({ args: { image: image_data } }))).toMatchObject({ status: 200, body: whole });
  expect(await answered(post({ image: image_data }))).toMatchObject({ status: 200, body: whole });
  expect(await answered(post({ args: { frame_base64: image_data, device: 'cpu' } }))).toMatchObject({ status: 200 });
  expect(await answered(read(run, videoForm(picture)))).toMatchObject({ status: 200, body: whole });
  expect(looker.asked.map(({ form, stream }) => [form, stream])).toEqual([
    ['text', null],
    ['text', null],
    ['text', null],
    ['bytes', null],
  ]);
});

test('a run that cannot be is refused in the words of a submit', async () => {
  const { url } = await openStreams();
  const run = (path: string, body: string) => read(`${url}/v1/plugins/${path}/run`, { method: 'POST', body });
  const body = JSON.stringify({ image: image_data });
  expect(await run('nobody/tools/x', body)).toMatchObject({
    status: 400,
    body: { detail: "Plugin 'nobody' not found" },
  });
  expect(await run('yolo/tools/x', body)).toMatchObject({ status: 400 });
  expect(await run('yolo/tools/detect', body)).toMatchObject({
    status: 400,
    body: { detail: "Tool 'detect' does not support image input (input_types: ['video'])" },
  });
  expect(await run('yolo/tools/player_detection', '{"args":{}}')).toMatchObject({
    status: 422,
    body: { detail: [{ loc: ['body', 'args', 'image'] }] },
  });
  expect(await run('yolo/tools/player_detection', 'no JSON')).toMatchObject({ status: 400 });
  const text = await read(`${url}/v1/plugins/yolo/tools/player_detection/run`, videoForm('no picture'));
  expect(text).toMatchObject({ status: 400, body: { detail: 'Invalid image file (expected PNG or JPEG)' } });
});

const sample = resolve(import.meta.dirname, '../../models/demo/sample.mp4');
const skip = noFfmpeg ?? (existsSync(sample) ? null : `missing ${sample}`);

test.skipIf(skip !== null)(`a stream and a run through the whole daemon${skip ? ` (${skip})` : ''}`, async () => {
  const folder = tempData();
  execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', '3', join(folder, '%d.jpg')]);
  const pictures = [1, 2, 3].map((at) => readFileSync(join(folder, `${at}.jpg`)).toString('base64'));
  const daemon = await startDaemon();
  await daemon.logged('ready for jobs');
  const client = new Client(`${daemon.url.replace('http', 'ws')}/v1/stream?plugin=yolo-tracker`);
  await client.next('connected');
  const Tracked = z.object({ detections: z.object({ tracked_objects: z.array(z.object({ track_id: z.number() })) }) });
  const ids: number[][] = [];
  for (const [at, image] of pictures.entries()) {
    client.send({ type: 'frame', frame_id: at, image_data: image, tools: ['video_player_tracking'] });
    const { frame_id, video_player_tracking: tracked } = await client.next('result');
    expect(frame_id).toBe(at);
    ids.push(Tracked.parse(tracked).detections.tracked_objects.map(({ track_id }) => track_id));
  }
  expect(ids[0]?.length).toBeGreaterThan(3);
  expect(ids[2]?.filter((id) => ids[0]?.includes(id)).length).toBeGreaterThan(2);
  const run = `${daemon.url}/v1/plugins/yolo-tracker/tools/player_detection/run`;
  const answer = await read(run, { method: 'POST', body: JSON.stringify({ args: { image: pictures[0] } }) });
  const Ran = z.object({ result: z.object({ summary: z.object({ total_detections: z.number() }) }) });
  expect(Ran.parse(answer.body).result.summary.total_detections).toBeGreaterThan(3);
  expect(await daemon.stop()).toBe(0);
});
