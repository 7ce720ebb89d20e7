import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { MqttPublisher, type MqttPublisherOptions } from '../../appliance/daemon/publish/mqtt.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { RemovedTopics } from '../../appliance/daemon/record/removed-topics.ts';
import { freePort, mosquittoMissing, startBroker, type TestBroker } from '../support/broker.ts';
import { tempData } from '../support/temp-data.ts';
import { Ear } from './ear.ts';
import { Opened } from './opened.ts';
import { RecordOf } from './record-of.ts';
import { SickWire } from './sick-wire.ts';
import { Source } from './source.ts';
import { Wire } from './wire.ts';

if (mosquittoMissing) process.stderr.write(`skipped: MQTT against a real broker, since ${mosquittoMissing}\n`);

const base = 'vedette/box';

describe.skipIf(mosquittoMissing)('the MQTT publisher and a real broker', () => {
  let source: Source;
  let broker: TestBroker;
  const opened = new Opened();
  beforeEach(async () => {
    source = new Source();
    broker = opened.add(await startBroker());
  });
  afterEach(() => opened.close());

  function publish(options: Partial<MqttPublisherOptions> = {}) {
    const states = new RecordOf<MqttState>();
    const publisher = new MqttPublisher({
      url: broker.url,
      prefix: 'vedette',
      node: 'box',
      boot: 'boot-1',
      stream: source.stream,
      snapshot: source.snapshot,
      log: source.log,
      onStateChange: states.add,
      retryMs: { min: 5, max: 20 },
      ...options,
    });
    opened.add(publisher);
    const connected = (times = 1) => states.until((all) => all.filter((state) => state.connected).length >= times);
    return { publisher, states, connected };
  }
  async function listen(filter?: string): Promise<Ear> {
    return opened.add(await Ear.open(broker.url, filter));
  }
  async function plugWire(): Promise<Wire> {
    return opened.add(await Wire.open(broker.port));
  }

  it('leaves the state of the appliance and of its jobs retained, for who comes later', async () => {
    const running = source.create();
    const { publisher, connected } = publish();
    await connected();
    const done = source.create();
    source.complete(done.id);
    await publisher.close();
    const retained = await Ear.retained(broker.url);
    expect(retained.get(`${base}/availability`)).toBe('offline');
    expect(JSON.parse(retained.get(`${base}/status`) ?? '')).toMatchObject({ state: 'ok', version: '0.1.0' });
    expect(JSON.parse(retained.get(`${base}/job/${running.id}`) ?? '')).toMatchObject({ status: 'running', v: 1 });
    expect(JSON.parse(retained.get(`${base}/job/${done.id}`) ?? '')).toMatchObject({ progress: 100, boot: 'boot-1' });
    expect(JSON.parse(retained.get(`${base}/job/${done.id}/result`) ?? '')).toEqual({
      url: `/v1/jobs/${done.id}/result`,
      summary: null,
    });
    expect(retained.size).toBe(5);
  });

  it('speaks MQTT 5 where the broker does', async () => {
    const { connected } = publish();
    await connected();
    expect(source.book.lines).toContainEqual(
      expect.objectContaining({ msg: 'MQTT broker connected', protocolVersion: 5 }),
    );
  });

  it('speaks over WebSocket too', async () => {
    const web = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' });
    web.on('connection', (socket) => {
      const stream = createWebSocketStream(socket);
      stream.pipe(connect(broker.port, '127.0.0.1')).pipe(stream);
    });
    await once(web, 'listening');
    const { publisher, connected } = publish({ url: `ws://127.0.0.1:${(web.address() as AddressInfo).port}` });
    await connected();
    await publisher.close();
    expect((await Ear.retained(broker.url)).get(`${base}/availability`)).toBe('offline');
    web.close();
  });

  it('is said to be offline by the broker when it vanishes, and online when it is back', async () => {
    const wire = await plugWire();
    const ear = await listen(`${base}/availability`);
    const { connected } = publish({ url: wire.url });
    await connected();
    await ear.heard.until((all) => all.length === 1);
    wire.cut();
    await connected(2);
    await ear.heard.until((all) => all.length === 3);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline', 'online']);
  });

  it('thins progress to one message an interval, and tells a change of status at once', async () => {
    const ear = await listen(`${base}/job/+`);
    const { connected } = publish({ intervalMs: 200 });
    await connected();
    const begun = performance.now();
    const job = source.create({ totalFrames: 400 });
    const topic = `${base}/job/${job.id}`;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const { currentFrame, totalFrames } = source.progress(job.id);
        if (currentFrame !== totalFrames) return;
        clearInterval(timer);
        resolve();
      }, 2);
    });
    source.complete(job.id);
    const ms = performance.now() - begun;
    await ear.heard.find(({ text }) => text.includes('"completed"'));
    const texts = ear.textsOf(topic);
    // the first, one an interval, and the end
    expect(texts.length).toBeLessThanOrEqual(2 + Math.floor(ms / 200));
    expect(texts.length).toBeGreaterThan(ms / 200 / 2);
    expect(JSON.parse(texts.at(-1) ?? '')).toMatchObject({ status: 'completed', current_frame: 400 });
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('brings the newest state of each topic, and no history, when the broker is back from the dead', async () => {
    const wire = await plugWire();
    const { publisher, states, connected } = publish({ url: wire.url, intervalMs: 0 });
    await connected();
    const jobs = Array.from({ length: 20 }, () => source.create());
    wire.unplug();
    await states.until((all) => all.some(({ connected }, at) => at > 0 && !connected));
    await broker.kill();
    for (let frame = 0; frame < 100; frame++) for (const { id } of jobs) source.progress(id);
    const done = jobs[0]?.id ?? '';
    source.complete(done);
    expect(publisher.outbox.size).toBeLessThanOrEqual(23);
    await broker.restart();
    const ear = await listen(`${base}/#`);
    wire.plug();
    await ear.heard.until((all) => all.length >= 23);
    await publisher.close();
    const count = Object.fromEntries(jobs.map(({ id }) => [id, ear.textsOf(`${base}/job/${id}`).length]));
    expect(new Set(Object.values(count))).toEqual(new Set([1]));
    expect(JSON.parse(ear.textsOf(`${base}/job/${done}`)[0] ?? '')).toMatchObject({ status: 'completed' });
    expect(JSON.parse(ear.textsOf(`${base}/job/${jobs[1]?.id}`)[0] ?? '')).toMatchObject({ current_frame: 101 });
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline']);
  });

  it('takes a removed job off the broker, also one removed while the broker was away', async () => {
    const wire = await plugWire();
    const { publisher, states, connected } = publish({ url: wire.url });
    await connected();
    const [first, second] = [source.create(), source.create()];
    source.complete(first.id);
    source.remove(first.id);
    wire.unplug();
    await states.until((all) => all.some(({ connected }, at) => at > 0 && !connected));
    source.remove(second.id);
    wire.plug();
    await connected(2);
    await publisher.close();
    expect([...(await Ear.retained(broker.url)).keys()].sort()).toEqual([`${base}/availability`, `${base}/status`]);
  });

  it('clears the topics of jobs that were removed before it was started, however many, and then forgets them', async () => {
    const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
    opened.add({ close: () => Promise.resolve(database.close()) });
    const removed = new RemovedTopics(database);
    const ids = Array.from({ length: 1200 }, () => randomUUID());
    const [first = '', last = ''] = [ids[0], ids.at(-1)];
    const before = await connectAsync(broker.url);
    for (const id of [first, last]) {
      await before.publishAsync(`${base}/job/${id}`, '{}', { qos: 1, retain: true });
      await before.publishAsync(`${base}/job/${id}/result`, '{}', { qos: 1, retain: true });
    }
    await before.endAsync();
    for (const id of ids) removed.add(id);
    const ear = await listen(`${base}/job/#`);
    publish({ removed });
    await ear.heard.find(({ topic, text }) => topic === `${base}/job/${last}/result` && text === '');
    await expect.poll(() => removed.list(1)).toEqual([]);
    expect([...(await Ear.retained(broker.url)).keys()].sort()).toEqual([`${base}/availability`, `${base}/status`]);
  });

  it('remembers a job that is removed while the broker is away until the broker has confirmed', async () => {
    const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
    opened.add({ close: () => Promise.resolve(database.close()) });
    const removed = new RemovedTopics(database);
    const wire = await plugWire();
    const { publisher, states, connected } = publish({ url: wire.url, removed });
    await connected();
    const job = source.create();
    source.complete(job.id);
    wire.unplug();
    await states.until((all) => all.at(-1)?.connected === false);
    source.remove(job.id);
    expect(removed.list(10)).toEqual([job.id]);
    wire.plug();
    await connected(2);
    await publisher.close();
    expect(removed.list(10)).toEqual([]);
  });

  it('is not connected to a broker that lets it in and confirms nothing, says so once, and is when it does', async () => {
    const wire = opened.add(await SickWire.open(broker.port));
    wire.turn('unconfirmed');
    const { states, connected } = publish({ url: wire.url, ackMs: 50 });
    await states.until((all) => all.length === 1);
    expect(states.all).toEqual([{ connected: false, reason: 'no acknowledgement within 0.05 s' }]);
    wire.turn('well');
    await connected();
    expect(source.book.count('MQTT broker away')).toBe(1);
  });

  it('gives a broker up that stops confirming, with little in flight, and tells it all when it is back', async () => {
    const wire = opened.add(await SickWire.open(broker.port));
    const { publisher, states, connected } = publish({ url: wire.url, ackMs: 100, intervalMs: 0 });
    await connected();
    const jobs = Array.from({ length: 20 }, () => source.create());
    wire.turn('unconfirmed');
    for (let frame = 0; frame < 50; frame++) for (const { id } of jobs) source.progress(id);
    await states.until((all) => all.at(-1)?.reason === 'no acknowledgement within 0.1 s');
    expect(publisher.outbox.size).toBeLessThanOrEqual(22);
    wire.turn('well');
    await connected(2);
    await publisher.close();
    const retained = await Ear.retained(broker.url);
    for (const { id } of jobs) {
      expect(JSON.parse(retained.get(`${base}/job/${id}`) ?? '')).toMatchObject({ current_frame: 51 });
    }
    expect(source.book.count('MQTT broker refuses to publish')).toBe(0);
  });

  it('says once that the broker refuses what it publishes, and goes on', async () => {
    const acl = join(tempData(), 'acl');
    writeFileSync(acl, `topic readwrite ${base}/availability\ntopic readwrite ${base}/status\n`);
    const strict = opened.add(await startBroker({ lines: ['user root', 'allow_anonymous true', `acl_file ${acl}`] }));
    const { publisher, connected } = publish({ url: strict.url });
    await connected();
    for (let made = 0; made < 20; made++) source.create();
    await publisher.close();
    expect(publisher.outbox.size).toBe(0);
    expect(source.book.count('MQTT broker refuses to publish')).toBe(1);
  });

  it('follows the state of the appliance', async () => {
    const ear = await listen(`${base}/status`);
    const { connected } = publish();
    await connected();
    source.tellSystem({ state: 'degraded', reasons: ['The model is missing'] });
    const { text } = await ear.heard.find(({ text }) => text.includes('degraded'));
    expect(JSON.parse(text)).toMatchObject({ reasons: ['The model is missing'] });
  });

  it('does not tell a broker that is back that it is away', async () => {
    const wire = await plugWire();
    const states = new RecordOf<MqttState>();
    const { publisher } = publish({
      url: wire.url,
      onStateChange: (state) => {
        source.tellSystem({ state: state.connected ? 'ok' : 'degraded' });
        states.add(state);
      },
    });
    const ear = await listen(`${base}/status`);
    await ear.heard.until((all) => all.length > 0);
    wire.unplug();
    await states.until((all) => all.at(-1)?.connected === false);
    wire.plug();
    await states.until((all) => all.at(-1)?.connected === true);
    await publisher.close();
    const told = ear.textsOf(`${base}/status`).map((text) => (JSON.parse(text) as { state: string }).state);
    expect(new Set(told)).toEqual(new Set(['ok']));
  });

  it('waits for a broker that comes later, and logs its absence once, not every try', async () => {
    const port = await freePort();
    const { states, connected } = publish({ url: `mqtt://127.0.0.1:${port}` });
    await states.until((all) => all.length === 1);
    expect(states.all[0]).toEqual({ connected: false, reason: `connect ECONNREFUSED 127.0.0.1:${port}` });
    const late = opened.add(await startBroker({ port }));
    await connected();
    const reasons = states.all.filter((state) => !state.connected).map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(source.book.count('MQTT broker away')).toBe(reasons.length);
    expect(source.book.count('MQTT broker connected')).toBe(1);
    await late.close();
    await states.until((all) => all.at(-1)?.connected === false);
  });

  it('says why it is not let in, and never writes the password down', async () => {
    const closed = opened.add(await startBroker({ lines: ['allow_anonymous false'] }));
    const { states } = publish({ url: closed.url.replace('//', '//operator:hunter2@') });
    await states.until((all) => all.length === 1);
    expect(states.all[0]).toEqual({ connected: false, reason: 'Connection refused: Not authorized' });
    expect(source.book.count('MQTT broker away')).toBe(1);
    expect(JSON.stringify(source.book.lines)).not.toMatch(/hunter2|operator/);
  });

  it('leaves the newest progress behind when it closes', async () => {
    const { publisher, connected } = publish({ intervalMs: 60_000 });
    await connected();
    const job = source.create();
    for (let frame = 0; frame < 5; frame++) source.progress(job.id);
    await publisher.close();
    const told = (await Ear.retained(broker.url)).get(`${base}/job/${job.id}`);
    expect(JSON.parse(told ?? '')).toMatchObject({ current_frame: 6 });
  });

  it('closes within its time when the broker takes nothing any more, and is then offline by its will', async () => {
    const wire = await plugWire();
    const ear = await listen(`${base}/availability`);
    const { publisher, connected } = publish({ url: wire.url });
    await connected();
    await ear.heard.until((all) => all.length === 1);
    wire.stall();
    source.create();
    const begun = performance.now();
    await publisher.close();
    expect(performance.now() - begun).toBeLessThan(3_000);
    wire.cut();
    await ear.heard.until((all) => all.length === 2);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline']);
  });

  it('closes at once, and twice, while the broker is away', async () => {
    const { publisher, states } = publish({ url: `mqtt://127.0.0.1:${await freePort()}` });
    await states.until((all) => all.length === 1);
    const begun = performance.now();
    await publisher.close();
    await publisher.close();
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
