import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync, type IPublishPacket } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { mosquittoMissing, startBroker } from '../support/broker.ts';
import { tempData } from '../support/temp-data.ts';
import { Ear } from './ear.ts';
import { base, MqttSetup } from './mqtt-setup.ts';
import { RecordOf } from './record-of.ts';

if (mosquittoMissing) process.stderr.write(`skipped: MQTT against a real broker, since ${mosquittoMissing}\n`);

describe.skipIf(mosquittoMissing)('the MQTT publisher and a real broker', () => {
  let setup: MqttSetup;
  beforeEach(async () => (setup = await MqttSetup.open()));
  afterEach(() => setup.opened.close());

  it('leaves the state of the appliance and of its jobs retained, for who comes later', async () => {
    const running = setup.source.create();
    const { publisher, connected } = setup.publish();
    await connected();
    const done = setup.source.create();
    setup.source.complete(done.id);
    await publisher.close();
    const retained = await Ear.retained(setup.broker.url);
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
    const { connected } = setup.publish();
    await connected();
    expect(setup.source.book.lines).toContainEqual(
      expect.objectContaining({ msg: 'MQTT broker connected', protocolVersion: 5 }),
    );
  });

  it('says by MQTT 5 what each payload is and of which start of the daemon, and that none of them expires', async () => {
    const { connected } = setup.publish();
    await connected();
    const job = setup.source.create();
    const client = await connectAsync(setup.broker.url, { protocolVersion: 5 });
    const heard = new RecordOf<readonly [topic: string, properties: IPublishPacket['properties']]>();
    client.on('message', (topic, _payload, { properties }) => heard.add([topic, properties]));
    await client.subscribeAsync(`${base}/#`, { qos: 1 });
    await heard.until((all) => all.length === 3);
    await client.endAsync();
    const of = (topic: string) => ({ ...heard.all.find(([told]) => told === topic)?.[1] });
    expect(of(`${base}/availability`)).toEqual({ contentType: 'text/plain', userProperties: { boot: 'boot-1' } });
    expect(of(`${base}/job/${job.id}`)).toEqual({
      contentType: 'application/json',
      userProperties: { boot: 'boot-1' },
    });
  });

  it('tells a job of another program as any other, and points to no result of it', async () => {
    const outside = { id: 'x', type: 'clip', video_id: 'v', metadata: {}, status: 'cutting' };
    const { publisher, connected } = setup.publish();
    await connected();
    const job = setup.source.create({ outside });
    setup.source.complete(job.id);
    await publisher.close();
    const retained = await Ear.retained(setup.broker.url);
    expect(JSON.parse(retained.get(`${base}/job/${job.id}`) ?? '')).toMatchObject({ status: 'completed' });
    expect(retained.has(`${base}/job/${job.id}/result`)).toBe(false);
  });

  it('goes on where the broker does not let it subscribe, and says so', async () => {
    const aedes = await Aedes.createBroker({ authorizeSubscribe: (_client, _wanted, done) => done(null, null) });
    const server = createServer(aedes.handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
    setup.opened.add({ close: () => Promise.resolve(void server.close()) });
    setup.opened.add({ close: () => new Promise((resolve) => aedes.close(() => resolve())) });
    const { port } = server.address() as AddressInfo;
    const { publisher, connected } = setup.publish({ url: `mqtt://127.0.0.1:${port}`, desk: () => null });
    await connected();
    const said = () => setup.source.book.count('MQTT broker refuses to let Vedette subscribe');
    await expect.poll(said).toBe(1);
    setup.source.create();
    await expect.poll(() => publisher.outbox.size).toBe(0);
  });

  it('speaks over WebSocket too', async () => {
    const web = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'mqtt' });
    web.on('connection', (socket) => {
      const stream = createWebSocketStream(socket);
      stream.pipe(connect(setup.broker.port, '127.0.0.1')).pipe(stream);
    });
    await once(web, 'listening');
    const { publisher, connected } = setup.publish({ url: `ws://127.0.0.1:${(web.address() as AddressInfo).port}` });
    await connected();
    await publisher.close();
    expect((await Ear.retained(setup.broker.url)).get(`${base}/availability`)).toBe('offline');
    web.close();
  });

  it('thins progress to one message an interval, and tells a change of status at once', async () => {
    const ear = await setup.listen(`${base}/job/+`);
    const { connected } = setup.publish({ intervalMs: 200 });
    await connected();
    const begun = performance.now();
    const job = setup.source.create({ totalFrames: 400 });
    const topic = `${base}/job/${job.id}`;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const { currentFrame, totalFrames } = setup.source.progress(job.id);
        if (currentFrame !== totalFrames) return;
        clearInterval(timer);
        resolve();
      }, 2);
    });
    setup.source.complete(job.id);
    const ms = performance.now() - begun;
    await ear.heard.find(({ text }) => text.includes('"completed"'));
    const texts = ear.textsOf(topic);
    // the first, one an interval, and the end
    expect(texts.length).toBeLessThanOrEqual(2 + Math.floor(ms / 200));
    expect(texts.length).toBeGreaterThan(ms / 200 / 2);
    expect(JSON.parse(texts.at(-1) ?? '')).toMatchObject({ status: 'completed', current_frame: 400 });
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('says once that the broker refuses what it publishes, and goes on', async () => {
    const acl = join(tempData(), 'acl');
    writeFileSync(acl, `topic readwrite ${base}/availability\ntopic readwrite ${base}/status\n`);
    const strict = setup.opened.add(
      await startBroker({ lines: ['user root', 'allow_anonymous true', `acl_file ${acl}`] }),
    );
    const { publisher, connected } = setup.publish({ url: strict.url });
    await connected();
    for (let made = 0; made < 20; made++) setup.source.create();
    await publisher.close();
    expect(publisher.outbox.size).toBe(0);
    expect(setup.source.book.count('MQTT broker refuses to publish')).toBe(1);
  });

  it('follows the state of the appliance', async () => {
    const ear = await setup.listen(`${base}/status`);
    const { connected } = setup.publish();
    await connected();
    setup.source.tellSystem({ state: 'degraded', reasons: ['The model is missing'] });
    const { text } = await ear.heard.find(({ text }) => text.includes('degraded'));
    expect(JSON.parse(text)).toMatchObject({ reasons: ['The model is missing'] });
  });

  it('says why it is not let in, and never writes the password down', async () => {
    const closed = setup.opened.add(await startBroker({ lines: ['allow_anonymous false'] }));
    const { states } = setup.publish({ url: closed.url.replace('//', '//operator:hunter2@') });
    await states.until((all) => all.length === 1);
    expect(states.all[0]).toEqual({ connected: false, reason: 'Connection refused: Not authorized' });
    expect(setup.source.book.count('MQTT broker away')).toBe(1);
    expect(JSON.stringify(setup.source.book.lines)).not.toMatch(/hunter2|operator/);
  });
});
