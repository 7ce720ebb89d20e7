import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectAsync, type MqttClient } from 'mqtt';
import type { PictureSource } from '../../appliance/daemon/publish/mqtt-pictures.ts';
import { openBroker } from '../../appliance/daemon/publish/broker.ts';
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { MqttPublisher } from '../../appliance/daemon/publish/mqtt.ts';
import { Opened } from './opened.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';

interface Picture {
  readonly topic: string;
  readonly bytes: Buffer;
  readonly retain: boolean;
}

const poster = 'vedette/box/poster';
const preview = 'vedette/box/preview';
const jpeg = (...bytes: number[]) => Buffer.from([0xff, 0xd8, 0xff, ...bytes]);

const opened = new Opened();
let source: Source;
let url: string;
let seen: RecordOf<Picture>;
let eye: MqttClient;
const posters = new Map<string, Buffer>();
const glances = new Map<string, Buffer>();
const asked: string[] = [];
const pictures: PictureSource = {
  poster: (id) => Promise.resolve(posters.get(id) ?? null),
  glance: (id) => {
    asked.push(id);
    return glances.get(id) ?? null;
  },
};

beforeEach(async () => {
  for (const map of [posters, glances]) map.clear();
  asked.length = 0;
  source = new Source();
  const { stream, snapshot, log } = source;
  const broker = await openBroker({ port: 0, prefix: 'vedette', node: 'box', log });
  if (broker.kind !== 'embedded') throw new Error(`not embedded but ${broker.kind}`);
  opened.add(broker);
  const { username, password } = broker;
  url = broker.url;
  seen = new RecordOf();
  eye = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  eye.on('message', (topic, bytes, { retain }) => seen.add({ topic, bytes, retain }));
  await eye.subscribeAsync([poster, preview], { qos: 1 });
  opened.add({ close: () => eye.endAsync(true) });
  const states = new RecordOf<MqttState>();
  const own = { url, username, password, protocolVersion: 4, prefix: 'vedette', node: 'box', boot: 'boot-1' } as const;
  opened.add(new MqttPublisher({ ...own, stream, snapshot, log, pictures, onStateChange: states.add }));
  await states.until((all) => all.some(({ connected }) => connected));
});
afterEach(() => opened.close());

it('leaves the picture of the last job retained, and takes it away with the job', async () => {
  const [first, second] = [source.create(), source.create()];
  posters.set(first.id, jpeg(1));
  posters.set(second.id, jpeg(2));
  source.change(first.id, { status: 'completed', hasPoster: true, completedAt: 1 });
  source.change(second.id, { status: 'failed', hasPoster: true, completedAt: 2 });
  await seen.find(({ bytes }) => bytes.equals(jpeg(2)));
  const late = new RecordOf<Picture>();
  const other = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
  other.on('message', (topic, bytes, { retain }) => late.add({ topic, bytes, retain }));
  await other.subscribeAsync(poster);
  await late.until((all) => all.length > 0);
  expect(late.all).toEqual([{ topic: poster, bytes: jpeg(2), retain: true }]);
  await other.endAsync();
  source.remove(first.id);
  source.remove(second.id);
  await seen.find(({ bytes }) => bytes.length === 0);
});

it('publishes no picture of a job that has none', async () => {
  const without = source.create();
  source.change(without.id, { status: 'completed', hasPoster: true });
  const [small, huge] = [source.create(), source.create()];
  posters.set(huge.id, Buffer.alloc(600 * 1024, 1));
  source.change(huge.id, { status: 'completed', hasPoster: true });
  posters.set(small.id, jpeg(3));
  source.change(small.id, { status: 'completed', hasPoster: true });
  await seen.until((all) => all.length > 0);
  expect(seen.all.map(({ bytes }) => bytes)).toEqual([jpeg(3)]);
});

it('shows what the running job sees, each picture once, and asks for nothing while none runs', async () => {
  const job = source.create();
  glances.set(job.id, jpeg(4));
  const { bytes, retain } = await seen.find(({ topic }) => topic === preview);
  expect({ bytes, retain }).toEqual({ bytes: jpeg(4), retain: false });
  glances.set(job.id, jpeg(5));
  await seen.find(({ bytes: next }) => next.equals(jpeg(5)));
  expect(seen.all).toHaveLength(2);
  source.complete(job.id);
  const until = asked.length;
  await eye.publishAsync('mark', 'end', { qos: 1 });
  expect(asked.length).toBe(until);
});
