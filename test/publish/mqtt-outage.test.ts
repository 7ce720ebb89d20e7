import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../../appliance/daemon/folders.ts';
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { RemovedTopics } from '../../appliance/daemon/record/removed-topics.ts';
import { freePort, mosquittoMissing, startBroker } from '../support/broker.ts';
import { tempData } from '../support/temp-data.ts';
import { Ear } from './ear.ts';
import { base, MqttSetup } from './mqtt-setup.ts';
import { RecordOf } from './record-of.ts';
import { SickWire } from './sick-wire.ts';

if (mosquittoMissing)
  process.stderr.write(`skipped: MQTT with a broker that comes and goes, since ${mosquittoMissing}\n`);

describe.skipIf(mosquittoMissing)('the MQTT publisher and a broker that comes and goes', () => {
  let setup: MqttSetup;
  beforeEach(async () => (setup = await MqttSetup.open()));
  afterEach(() => setup.opened.close());

  it('is said to be offline by the broker when it vanishes, and online when it is back', async () => {
    const wire = await setup.plugWire();
    const ear = await setup.listen(`${base}/availability`);
    const { connected } = setup.publish({ url: wire.url });
    await connected();
    await ear.heard.until((all) => all.length === 1);
    wire.cut();
    await connected(2);
    await ear.heard.until((all) => all.length === 3);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline', 'online']);
  });

  it('brings the newest state of each topic, and no history, when the broker is back from the dead', async () => {
    const wire = await setup.plugWire();
    const { publisher, states, connected } = setup.publish({ url: wire.url, intervalMs: 0 });
    await connected();
    const jobs = Array.from({ length: 20 }, () => setup.source.create());
    wire.unplug();
    await states.until((all) => all.some(({ connected }, at) => at > 0 && !connected));
    await setup.broker.kill();
    for (let frame = 0; frame < 100; frame++) for (const { id } of jobs) setup.source.progress(id);
    const done = jobs[0]?.id ?? '';
    setup.source.complete(done);
    expect(publisher.outbox.size).toBeLessThanOrEqual(23);
    await setup.broker.restart();
    const ear = await setup.listen(`${base}/#`);
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
    const wire = await setup.plugWire();
    const { publisher, states, connected } = setup.publish({ url: wire.url });
    await connected();
    const [first, second] = [setup.source.create(), setup.source.create()];
    setup.source.complete(first.id);
    setup.source.remove(first.id);
    wire.unplug();
    await states.until((all) => all.some(({ connected }, at) => at > 0 && !connected));
    setup.source.remove(second.id);
    wire.plug();
    await connected(2);
    await publisher.close();
    expect([...(await Ear.retained(setup.broker.url)).keys()].sort()).toEqual([
      `${base}/availability`,
      `${base}/status`,
    ]);
  });

  it('clears the topics of jobs that were removed before it was started, however many, and then forgets them', async () => {
    const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
    setup.opened.add({ close: () => Promise.resolve(database.close()) });
    const removed = new RemovedTopics(database);
    const ids = Array.from({ length: 1200 }, () => randomUUID());
    const [first = '', last = ''] = [ids[0], ids.at(-1)];
    const before = await connectAsync(setup.broker.url);
    for (const id of [first, last]) {
      await before.publishAsync(`${base}/job/${id}`, '{}', { qos: 1, retain: true });
      await before.publishAsync(`${base}/job/${id}/result`, '{}', { qos: 1, retain: true });
    }
    await before.endAsync();
    for (const id of ids) removed.add(id);
    const ear = await setup.listen(`${base}/job/#`);
    setup.publish({ removed });
    await ear.heard.find(({ topic, text }) => topic === `${base}/job/${last}/result` && text === '');
    await expect.poll(() => removed.list(1)).toEqual([]);
    expect([...(await Ear.retained(setup.broker.url)).keys()].sort()).toEqual([
      `${base}/availability`,
      `${base}/status`,
    ]);
  });

  it('remembers a job that is removed while the broker is away until the broker has confirmed', async () => {
    const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
    setup.opened.add({ close: () => Promise.resolve(database.close()) });
    const removed = new RemovedTopics(database);
    const wire = await setup.plugWire();
    const { publisher, states, connected } = setup.publish({ url: wire.url, removed });
    await connected();
    const job = setup.source.create();
    setup.source.complete(job.id);
    wire.unplug();
    await states.until((all) => all.at(-1)?.connected === false);
    setup.source.remove(job.id);
    expect(removed.list(10)).toEqual([job.id]);
    wire.plug();
    await connected(2);
    await publisher.close();
    expect(removed.list(10)).toEqual([]);
  });

  it('is not connected to a broker that lets it in and confirms nothing, says so once, and is when it does', async () => {
    const wire = setup.opened.add(await SickWire.open(setup.broker.port));
    wire.turn('unconfirmed');
    const { states, connected } = setup.publish({ url: wire.url, ackMs: 50 });
    await states.until((all) => all.length === 1);
    expect(states.all).toEqual([{ connected: false, reason: 'no acknowledgement within 0.05 s' }]);
    wire.turn('well');
    await connected();
    expect(setup.source.book.count('MQTT broker away')).toBe(1);
  });

  it('gives a broker up that stops confirming, with little in flight, and tells it all when it is back', async () => {
    const wire = setup.opened.add(await SickWire.open(setup.broker.port));
    const { publisher, states, connected } = setup.publish({ url: wire.url, ackMs: 100, intervalMs: 0 });
    await connected();
    const jobs = Array.from({ length: 20 }, () => setup.source.create());
    wire.turn('unconfirmed');
    for (let frame = 0; frame < 50; frame++) for (const { id } of jobs) setup.source.progress(id);
    await states.until((all) => all.at(-1)?.reason === 'no acknowledgement within 0.1 s');
    expect(publisher.outbox.size).toBeLessThanOrEqual(22);
    wire.turn('well');
    await connected(2);
    await publisher.close();
    const retained = await Ear.retained(setup.broker.url);
    for (const { id } of jobs) {
      expect(JSON.parse(retained.get(`${base}/job/${id}`) ?? '')).toMatchObject({ current_frame: 51 });
    }
    expect(setup.source.book.count('MQTT broker refuses to publish')).toBe(0);
  });

  it('does not tell a broker that is back that it is away', async () => {
    const wire = await setup.plugWire();
    const states = new RecordOf<MqttState>();
    const { publisher } = setup.publish({
      url: wire.url,
      onStateChange: (state) => {
        setup.source.tellSystem({ state: state.connected ? 'ok' : 'degraded' });
        states.add(state);
      },
    });
    const ear = await setup.listen(`${base}/status`);
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
    const { states, connected } = setup.publish({ url: `mqtt://127.0.0.1:${port}` });
    await states.until((all) => all.length === 1);
    expect(states.all[0]).toEqual({ connected: false, reason: `connect ECONNREFUSED 127.0.0.1:${port}` });
    const late = setup.opened.add(await startBroker({ port }));
    await connected();
    const reasons = states.all.filter((state) => !state.connected).map(({ reason }) => reason);
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(setup.source.book.count('MQTT broker away')).toBe(reasons.length);
    expect(setup.source.book.count('MQTT broker connected')).toBe(1);
    await late.close();
    await states.until((all) => all.at(-1)?.connected === false);
  });

  it('leaves the newest progress behind when it closes', async () => {
    const { publisher, connected } = setup.publish({ intervalMs: 60_000 });
    await connected();
    const job = setup.source.create();
    for (let frame = 0; frame < 5; frame++) setup.source.progress(job.id);
    await publisher.close();
    const told = (await Ear.retained(setup.broker.url)).get(`${base}/job/${job.id}`);
    expect(JSON.parse(told ?? '')).toMatchObject({ current_frame: 6 });
  });

  it('closes within its time when the broker takes nothing any more, and is then offline by its will', async () => {
    const wire = await setup.plugWire();
    const ear = await setup.listen(`${base}/availability`);
    const { publisher, connected } = setup.publish({ url: wire.url });
    await connected();
    await ear.heard.until((all) => all.length === 1);
    wire.stall();
    setup.source.create();
    const begun = performance.now();
    await publisher.close();
    expect(performance.now() - begun).toBeLessThan(3_000);
    wire.cut();
    await ear.heard.until((all) => all.length === 2);
    expect(ear.textsOf(`${base}/availability`)).toEqual(['online', 'offline']);
  });

  it('closes at once, and twice, while the broker is away', async () => {
    const { publisher, states } = setup.publish({ url: `mqtt://127.0.0.1:${await freePort()}` });
    await states.until((all) => all.length === 1);
    const begun = performance.now();
    await publisher.close();
    await publisher.close();
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
