import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BrokerOptions, openBroker, type OpenedBroker } from '../../appliance/daemon/publish/broker.ts';
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { MqttPublisher } from '../../appliance/daemon/publish/mqtt.ts';
import { freePort, mosquittoMissing, startBroker } from '../support/broker.ts';
import { Ear } from './ear.ts';
import { Opened } from './opened.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';
import { Wire } from './wire.ts';

if (mosquittoMissing) process.stderr.write(`skipped: a port held by mosquitto, since ${mosquittoMissing}\n`);

const base = 'vedette/box';
const announced = 'homeassistant/device/vedette_box/config';
const heldByOther = 'is held by a program that is not an MQTT broker; free it or set another one';
const once4: IClientOptions = { protocolVersion: 4, reconnectPeriod: 0 };

type Embedded = Extract<OpenedBroker, { kind: 'embedded' }>;

describe('the embedded broker', () => {
  let source: Source;
  let broker: Embedded;
  const opened = new Opened();
  const open = (options: Partial<BrokerOptions> = {}) =>
    openBroker({ port: 0, prefix: 'vedette', node: 'box', log: source.log, ...options });
  async function openEmbedded(options: Partial<BrokerOptions> = {}): Promise<Embedded> {
    const result = await open(options);
    if (result.kind !== 'embedded') throw new Error(`not embedded but ${result.kind}`);
    return opened.add(result);
  }
  beforeEach(async () => {
    source = new Source();
    broker = await openEmbedded({ ownTopics: [announced] });
  });
  afterEach(() => opened.close());

  async function publish(url = broker.url) {
    const states = new RecordOf<MqttState>();
    const { username, password } = broker;
    const { stream, snapshot, log } = source;
    const options = { url, username, password, prefix: 'vedette', node: 'box', boot: 'boot-1', stream, snapshot, log };
    const publisher = new MqttPublisher({ ...options, onStateChange: states.add, retryMs: { min: 5, max: 20 } });
    opened.add(publisher);
    await states.until((all) => all.some(({ connected }) => connected));
    return { publisher, states };
  }
  async function listen(filter: string): Promise<Ear> {
    return opened.add(await Ear.open(broker.url, filter));
  }

  it('carries the state of the appliance, to whom the publisher falls back to MQTT 3.1.1', async () => {
    const job = source.create();
    const { publisher, states } = await publish();
    expect(states.all).toEqual([{ connected: true, reason: null }]);
    expect(source.book.lines).toContainEqual(
      expect.objectContaining({ msg: 'MQTT broker connected', protocolVersion: 4 }),
    );
    source.remove(job.id);
    const kept = source.create();
    await publisher.close();
    const retained = await Ear.retained(broker.url);
    const topics = [`${base}/availability`, `${base}/job/${kept.id}`, `${base}/status`];
    expect([...retained.keys()].filter((topic) => !topic.startsWith('$')).sort()).toEqual(topics);
    expect(retained.get(`${base}/availability`)).toBe('offline');
  });

  it('says offline for an appliance whose wire was cut', async () => {
    const wire = opened.add(await Wire.open(Number(new URL(broker.url).port)));
    const ear = await listen(`${base}/availability`);
    const { states } = await publish(wire.url);
    await ear.heard.until((all) => all.length === 1);
    wire.cut();
    await states.until((all) => all.length === 3);
    await ear.heard.until((all) => all.length === 3);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline', 'online']);
  });

  it.each([
    `${base}/status`,
    `${base}/availability`,
    `${base}/job/1/result`,
    `${base}/cmd`,
    `${base}/cmd/reply`,
    announced,
    base,
  ])('does not let a stranger publish on %s', async (topic) => {
    const ear = await listen('#');
    const stranger = connect(broker.url, once4);
    const gone = said(stranger, 'close');
    stranger.publish(topic, 'offline', { qos: 1, retain: true });
    await gone;
    stranger.end(true);
    const honest = await connectAsync(broker.url, once4);
    await honest.publishAsync('mark', 'end', { qos: 1 });
    await ear.heard.find((message) => message.topic === 'mark');
    await honest.endAsync();
    expect(ear.textsOf(topic)).toEqual([]);
    expect(source.book.count('MQTT publish refused')).toBe(1);
  });

  it('lets a stranger command, and talk elsewhere', async () => {
    const ear = await listen('#');
    const stranger = await connectAsync(broker.url, once4);
    for (const topic of [`${base}/cmd/cancel`, 'vedette/other/status', 'vedette/boxes', 'home/light']) {
      await stranger.publishAsync(topic, 'x', { qos: 1 });
      await ear.heard.find((message) => message.topic === topic);
    }
    await stranger.endAsync();
  });

  it('does not let the last will of a stranger speak for the appliance', async () => {
    const ear = await listen(`${base}/#`);
    const will = { topic: `${base}/availability`, payload: Buffer.from('offline'), qos: 1, retain: true } as const;
    const stranger = await connectAsync(broker.url, { ...once4, will });
    await stranger.endAsync(true);
    await publish();
    await ear.heard.find(({ topic }) => topic === `${base}/status`);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online']);
  });

  it.each([
    ['the appliance’s user with a wrong password', () => ({ username: broker.username, password: 'guess' })],
    ['the appliance’s client id', () => ({ clientId: 'vedette-box' })],
  ])('does not let in who comes with %s', async (_name, disguise) => {
    await publish();
    await expect(connectAsync(broker.url, { ...once4, ...disguise() }, false)).rejects.toThrow(/refused/);
    expect(source.book.count('MQTT broker away')).toBe(0);
  });

  async function stall(filter: string): Promise<MqttClient> {
    const stalled = await connectAsync(broker.url, once4);
    await stalled.subscribeAsync(filter);
    stalled.stream.unpipe();
    stalled.stream.pause();
    opened.add({ close: () => stalled.endAsync(true) });
    return stalled;
  }

  it('holds the others up no longer than its patience when one subscriber stops reading, and grows little', async () => {
    const count = 1000;
    await stall('flood');
    const ear = await listen('flood');
    const speaker = await connectAsync(broker.url, once4);
    const payload = Buffer.alloc(20_000, 'x');
    const before = process.memoryUsage().rss;
    let heard = performance.now();
    let longest = 0;
    for (let sent = 0; sent < count; sent++) {
      await speaker.publishAsync('flood', payload, { qos: 1 });
      longest = Math.max(longest, performance.now() - heard);
      heard = performance.now();
    }
    await ear.heard.until((all) => all.length === count);
    await speaker.endAsync(true);
    // it waits three seconds for the one that takes nothing, once, and then cuts it
    expect(longest).toBeLessThan(4_500);
    // of which 20 MB are in the ear, which forgets nothing
    expect(process.memoryUsage().rss - before).toBeLessThan(120_000_000);
  });

  it('closes at once though a subscriber takes nothing', async () => {
    await stall('flood');
    const ear = await listen('flood');
    const speaker = await connectAsync(broker.url, once4);
    const payload = Buffer.alloc(20_000, 'x');
    for (let sent = 0; sent < 400; sent++) speaker.publish('flood', payload);
    await ear.heard.until((all) => all.length > 100);
    const begun = performance.now();
    await broker.close();
    expect(performance.now() - begun).toBeLessThan(1_000);
    await speaker.endAsync(true);
  });

  it('passes on what others want retained, and retains no more of it than it may', async () => {
    const small = await openEmbedded({ mostRetained: { topics: 2, bytes: 1000 } });
    const ear = opened.add(await Ear.open(small.url));
    const speaker = await connectAsync(small.url, once4);
    const say = (topic: string, text: string) => speaker.publishAsync(topic, text, { qos: 1, retain: true });
    await say('a', '1');
    await say('b', '1');
    await say('c', '1');
    await say('b', 'x'.repeat(1000));
    const kept = async () => [...(await Ear.retained(small.url)).entries()].filter(([topic]) => !topic.startsWith('$'));
    expect(await kept()).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    await ear.heard.until((all) => all.length >= 4);
    expect(ear.textsOf('c')).toEqual(['1']);
    expect(source.book.count('MQTT retains no more')).toBe(1);
    await say('a', '');
    await say('c', '2');
    expect(await kept()).toEqual([
      ['b', '1'],
      ['c', '2'],
    ]);
    await speaker.endAsync(true);
  });

  it('lets in no more clients than it may', async () => {
    const small = await openEmbedded({ mostClients: 2 });
    const clients = [await connectAsync(small.url, once4), await connectAsync(small.url, once4)];
    expect(small.clients()).toBe(2);
    await expect(connectAsync(small.url, once4, false)).rejects.toThrow();
    for (const client of clients) await client.endAsync(true);
  });

  it('closes with clients connected, also one that has said nothing yet', async () => {
    const other = await openEmbedded();
    const wire = await Wire.open(Number(new URL(other.url).port));
    const client = connect(wire.url, once4);
    await said(client, 'connect');
    const gone = said(client, 'close');
    await other.close();
    await gone;
    client.end(true);
    await wire.close();
  });

  it('is not opened where a broker holds the port already', async () => {
    const result = await open({ port: Number(new URL(broker.url).port) });
    expect(result).toEqual({ kind: 'foreign', url: broker.url });
    expect(source.book.count('another MQTT broker holds the port, Vedette is its client')).toBe(1);
  });

  it.skipIf(mosquittoMissing)('takes mosquitto for a broker, even where it asks for a password', async () => {
    const mosquitto = opened.add(await startBroker({ lines: ['allow_anonymous false'] }));
    expect(await open({ port: mosquitto.port })).toEqual({ kind: 'foreign', url: mosquitto.url });
  });

  it.each([
    ['says nothing', () => undefined],
    ['speaks HTTP', (socket: NodeJS.WritableStream) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is unavailable, with the reason, where a program that %s holds the port', async (_name, answer) => {
    const port = await freePort();
    const held = createServer((socket) => void answer(socket.on('error', () => socket.destroy()))).listen(
      port,
      '127.0.0.1',
    );
    await once(held, 'listening');
    const result = await open({ port });
    expect(result).toEqual({ kind: 'unavailable', reason: `MQTT mqtt://127.0.0.1:${port}: the port ${heldByOther}` });
    held.close();
  });
});

async function said(client: MqttClient, event: 'connect' | 'close'): Promise<void> {
  await new Promise<void>((resolve) => client.once(event, () => resolve()));
}
