// The whole appliance by MQTT alone: a video of a folder, a URL, a button, and the running job cancelled.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { Commander } from '../publish/commander.ts';
import { RecordOf } from '../publish/record-of.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const [submit, cancel, reply] = ['submit', 'cancel', 'reply'].map((verb) => `vedette/box/cmd/${verb}`) as [
  string,
  string,
  string,
];

test('takes videos in from a folder, a URL and a button, and cancels the job that runs', async () => {
  const folder = tempData();
  const stick = join(folder, 'stick');
  mkdirSync(stick);
  copyFileSync(sample, join(stick, 'gate.mp4'));
  const server = createServer((_request, response) => response.end(readFileSync(sample))).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/yard.mp4`;
  const config = join(folder, 'vedette.yaml');
  const button = { name: 'Gate', url, tool: 'video_player_detection' };
  const settings = { node: 'box', imports: [{ name: 'USB', path: stick }], downloads: { allow: ['127.0.0.0/8'] } };
  writeFileSync(config, JSON.stringify({ ...settings, mqtt: { buttons: [button] } }));
  const env = { VEDETTE_CONFIG: config, VEDETTE_MQTT_URL: 'embedded:0' };
  const daemon = await startDaemon({ folder, env });
  const { mqtt } = await daemon.logged('listening');
  const commander = await Commander.open(String(mqtt), reply, { protocolVersion: 4 });
  onTestFinished(() => commander.close());
  const told = new RecordOf<{ readonly topic: string; readonly text: string }>();
  const ear = await connectAsync(String(mqtt), { protocolVersion: 4 });
  onTestFinished(() => ear.endAsync());
  ear.on('message', (topic, payload) => told.add({ topic, text: payload.toString() }));
  await ear.subscribeAsync('vedette/box/job/+');

  const stickWish = { id: 1, import: { folder: 'USB', path: 'gate.mp4' }, tool: 'video_player_detection' };
  expect((await commander.ask(submit, stickWish)).answer).toEqual({ ok: true, id: 1, job_id: null });
  const { topic } = await told.find(({ text }) => text.includes('"status":"running"'));
  const running = topic.split('/').at(-1);
  const cancelled = await commander.ask(cancel, { job_id: 'running' });
  expect(cancelled.answer).toEqual({ ok: true, job_id: running });
  await told.find((message) => message.topic === topic && message.text.includes('"status":"cancelled"'));
  const byUrl = await commander.ask(submit, { id: 2, url, tool: 'track' });
  const byButton = await commander.ask(submit, { button: 'Gate' });
  for (const { answer } of [byUrl, byButton]) {
    await told.find((message) => message.topic === `vedette/box/job/${answer.job_id}`);
  }
  expect((await commander.ask(submit, { button: 'Yard' })).answer).toMatchObject({
    ok: false,
    code: 'command-malformed',
  });
  const outside = { ...stickWish, import: { folder: 'USB', path: '../vedette.db' } };
  expect((await commander.ask(submit, outside)).answer).toMatchObject({ ok: false, code: 'import-not-found' });
  expect((await commander.ask(submit, { url: 'ftp://x/y' })).answer).toMatchObject({ ok: false });
  expect(await daemon.stop()).toBe(0);
}, 60_000);
