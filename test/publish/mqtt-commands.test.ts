import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandDesk } from '../../appliance/daemon/publish/commands.ts';
import { openBroker } from '../../appliance/daemon/publish/broker.ts';
import type { MqttState } from '../../appliance/daemon/publish/mqtt-link.ts';
import { MqttPublisher } from '../../appliance/daemon/publish/mqtt.ts';
import { mosquittoMissing } from '../support/broker.ts';
import { Desk } from './command-desk.ts';
import { Commander } from './commander.ts';
import { Ear } from './ear.ts';
import { base, MqttSetup } from './mqtt-setup.ts';
import { Opened } from './opened.ts';
import { RecordOf } from './record-of.ts';
import { Source } from './source.ts';

if (mosquittoMissing) process.stderr.write(`skipped: MQTT commands, since ${mosquittoMissing}\n`);

const submit = `${base}/cmd/submit`;
const cancel = `${base}/cmd/cancel`;
const retry = `${base}/cmd/retry`;
const reply = `${base}/cmd/reply`;
const url = 'http://camera.lan/gate.mp4';

describe.skipIf(mosquittoMissing)('MQTT commands', () => {
  let setup: MqttSetup;
  let desk: Desk;
  beforeEach(async () => {
    setup = await MqttSetup.open();
    desk = new Desk(setup.source);
  });
  afterEach(() => setup.opened.close());

  async function listen(of: () => CommandDesk | null = () => desk) {
    const { connected } = setup.publish({ desk: of });
    await connected();
  }
  async function command(filter = reply, options = {}) {
    return setup.opened.add(await Commander.open(setup.broker.url, filter, options));
  }

  it('submit a URL, and are answered on the response topic with the correlation data', async () => {
    await listen();
    const commander = await command('clients/one/+');
    const correlationData = Buffer.from('seven');
    const sent = { url, pipeline: 'night', tool: 'video_player_tracking' };
    const { topic, answer, properties, retain } = await commander.ask(submit, sent, {
      responseTopic: 'clients/one/answers',
      correlationData,
    });
    const [job] = setup.source.jobs.values();
    expect(answer).toEqual({ ok: true, job_id: job?.id });
    expect(topic).toBe('clients/one/answers');
    expect(retain).toBe(false);
    expect(Buffer.from(properties?.correlationData ?? [])).toEqual(correlationData);
    expect(properties).toMatchObject({ contentType: 'application/json', messageExpiryInterval: 60 });
    expect(desk.asked).toMatchObject([{ submit: sent }]);
  });

  it('are answered on cmd/reply, with the id that the client gave, where there is no response topic', async () => {
    await listen();
    const commander = await command(reply, { protocolVersion: 4 });
    const { topic, answer } = await commander.ask(submit, { id: 'night-1', url });
    expect(topic).toBe(reply);
    expect(answer).toMatchObject({ ok: true, id: 'night-1' });
    expect((await commander.ask(submit, { button: 'Gate' })).answer).toMatchObject({ ok: true });
    expect(desk.asked.at(-1)).toEqual({ press: 'Gate' });
  });

  it('take a video of an import folder in', async () => {
    await listen();
    const commander = await command();
    const wish = { import: { folder: 'USB', path: 'a/b.mp4' }, tool: 'detect', options: { annotated: true } };
    expect((await commander.ask(submit, wish)).answer).toEqual({ ok: true, job_id: null });
    expect(desk.asked).toEqual([
      {
        takeIn: expect.objectContaining({
          ...{ folder: 'USB', path: 'a/b.mp4', tool: 'detect', plugin_id: 'yolo-tracker' },
        }) as unknown,
      },
    ]);
  });

  it('cancel a job by its id, or the one that has run for the longest time, and leave alone what has ended', async () => {
    await listen();
    const commander = await command();
    const [first, second] = [setup.source.create({ startedAt: 1000 }), setup.source.create({ startedAt: 2000 })];
    setup.source.create({ startedAt: 10, outside: { id: 'x', type: 'x', video_id: 'x', metadata: {}, status: 'x' } });
    expect((await commander.ask(cancel, { job_id: 'running' })).answer).toEqual({ ok: true, job_id: first.id });
    expect((await commander.ask(cancel, { job_id: second.id.toUpperCase() })).answer).toMatchObject({ ok: true });
    expect(desk.asked).toEqual([{ cancel: first.id }, { cancel: second.id }]);
    const again = await commander.ask(cancel, { job_id: second.id });
    expect(again.answer).toMatchObject({ ok: false, code: 'job-not-pending' });
    expect(desk.asked).toHaveLength(2);
    expect((await commander.ask(cancel, { job_id: 'running' })).answer).toMatchObject({ code: 'job-not-found' });
    expect((await commander.ask(cancel, { job_id: randomUUID() })).answer).toMatchObject({ code: 'job-not-found' });
    const refused = await commander.ask(retry, { job_id: second.id });
    expect(refused.answer).toMatchObject({ ok: false, code: 'job-not-retryable' });
  });

  it.each([
    ['no JSON', cancel, 'now!', /JSON/],
    ['a list', cancel, '[]', /object/],
    ['a field that there is not', submit, { url, tools: ['a'], speed: 2 }, /"speed"/],
    ['no job', cancel, {}, /job_id/],
    ['something else than a job', cancel, { job_id: 'all' }, /job_id/],
    ['a path without its folder', submit, { import: { path: 'x.mp4' }, tool: 'detect' }, /import\.folder/],
    ['too much', submit, JSON.stringify({ url, name: 'x'.repeat(70_000) }), /65536/],
  ])('say what is wrong with %s', async (_name, topic, sent, detail) => {
    await listen();
    const { answer } = await (await command()).ask(topic, sent);
    expect(answer).toMatchObject({
      ok: false,
      code: 'command-malformed',
      detail: expect.stringMatching(detail) as string,
    });
    expect(desk.asked).toEqual([]);
  });

  it('are done once though they are delivered twice, and answered as often as they come', async () => {
    await listen();
    let letGo: () => void = () => undefined;
    desk.open = new Promise((resolve) => (letGo = resolve));
    const commander = await command();
    const named = { correlationData: Buffer.from([1]) };
    for (let times = 0; times < 2; times++) await commander.send(submit, { url }, named);
    letGo();
    await commander.answers.until((all) => all.length === 2);
    const late = await commander.ask(submit, { url }, named);
    expect(new Set([...commander.answers.all, late].map(({ answer }) => answer.job_id)).size).toBe(1);
    expect(desk.asked).toHaveLength(1);
    // Another client that counts from 1 too, and one that says something else.
    await commander.ask(submit, { url: `${url}?2` }, named);
    await commander.ask(submit, { url, id: 1 });
    await commander.ask(submit, { url, id: 1 });
    // Two presses of one button are two commands.
    await commander.ask(submit, { button: 'Gate' });
    await commander.ask(submit, { button: 'Gate' });
    expect(desk.asked).toHaveLength(5);
  });

  it('that are retained are ignored and logged, also at each new connection', async () => {
    await listen();
    const commander = await command();
    await commander.send(cancel, { job_id: 'running' }, undefined, true);
    expect((await commander.ask(submit, { url })).answer).toMatchObject({ ok: true });
    expect(desk.asked).toHaveLength(1);
    expect(setup.source.book.count('retained MQTT command ignored')).toBe(1);
    const late = new Desk(setup.source);
    const { connected } = setup.publish({ desk: () => late, clientId: 'late' });
    await connected();
    await commander.send(submit, { url });
    await expect.poll(() => late.asked.length).toBe(1);
    expect(late.asked).toMatchObject([{ submit: { url } }]);
    expect(setup.source.book.count('retained MQTT command ignored')).toBe(2);
  });

  it.each([`${base}/availability`, `${base}/job/x`, submit, '$SYS/x', 'homeassistant/device/x/config'])(
    'are not answered on %s, whoever asks for that',
    async (responseTopic) => {
      const { connected } = setup.publish({
        desk: () => desk,
        home: {
          enabled: false,
          prefix: 'homeassistant',
          buttons: [],
          memory: { read: () => null, write: () => undefined },
        },
      });
      await connected();
      const commander = await command();
      expect((await commander.ask(submit, { url }, { responseTopic })).topic).toBe(reply);
      expect(setup.source.book.count('MQTT response topic not allowed, answered elsewhere')).toBe(1);
    },
  );

  it('that come too fast are let go, and the rest is answered', async () => {
    await listen();
    const commander = await command();
    await Promise.all(Array.from({ length: 200 }, (_, at) => commander.send(submit, { url: `${url}?${at}` })));
    const last = setup.opened.add(await Ear.open(setup.broker.url, 'mark'));
    await commander.client.publishAsync('mark', 'end', { qos: 1 });
    await last.heard.until((all) => all.length === 1);
    await commander.answers.until((all) => all.length >= 20);
    expect(desk.asked.length).toBeLessThan(100);
    expect(setup.source.book.count('MQTT commands come too fast, some are not heard')).toBeGreaterThan(0);
  });

  it('wait for the appliance: it says that it starts, or stops', async () => {
    let there: CommandDesk | null = null;
    await listen(() => there);
    const commander = await command();
    expect((await commander.ask(submit, { url, id: 1 })).answer).toMatchObject({ ok: false, code: 'busy' });
    there = desk;
    expect((await commander.ask(submit, { url, id: 1 })).answer).toMatchObject({ ok: true });
    setup.source.tellSystem({ state: 'stopping' });
    expect((await commander.ask(submit, { url })).answer).toMatchObject({ ok: false, code: 'busy' });
  });

  it('are not heard where the settings do not want them', async () => {
    const { connected } = setup.publish();
    await connected();
    const commander = await command();
    const ear = await setup.listen(`${base}/job/+`);
    await commander.send(submit, { url });
    const job = setup.source.create();
    await ear.heard.find(({ topic }) => topic.endsWith(job.id));
    expect(commander.answers.all).toEqual([]);
  });
});

describe('MQTT commands at the embedded broker', () => {
  const opened = new Opened();
  afterEach(() => opened.close());

  it('work by MQTT 3.1.1; nobody else answers, and a retained one is dropped and not kept', async () => {
    const source = new Source();
    const desk = new Desk(source);
    const { stream, snapshot, log } = source;
    const broker = await openBroker({ port: 0, prefix: 'vedette', node: 'box', log });
    if (broker.kind !== 'embedded') throw new Error(`not embedded but ${broker.kind}`);
    opened.add(broker);
    const { url: brokerUrl, username, password } = broker;
    const states = new RecordOf<MqttState>();
    const own = { url: brokerUrl, username, password, protocolVersion: 4, prefix: 'vedette', node: 'box' } as const;
    opened.add(
      new MqttPublisher({
        ...{ ...own, boot: 'boot-1', stream, snapshot, log, desk: () => desk },
        onStateChange: states.add,
      }),
    );
    await states.until((all) => all.some(({ connected }) => connected));
    const commander = opened.add(await Commander.open(brokerUrl, reply, { protocolVersion: 4 }));
    await commander.send(cancel, { job_id: 'running' }, undefined, true);
    expect((await commander.ask(submit, { id: 1, url })).answer).toMatchObject({ ok: true, id: 1 });
    expect(desk.asked).toMatchObject([{ submit: { url } }]);
    expect([...(await Ear.retained(brokerUrl)).keys()].filter((topic) => topic.includes('/cmd/'))).toEqual([]);
    expect(source.book.count('retained MQTT command ignored')).toBe(1);
    const gone = new Promise<void>((resolve) => commander.client.once('close', () => resolve()));
    commander.client.publish(reply, '{"ok":true}', { qos: 1 });
    await gone;
    expect(source.book.count('MQTT publish refused')).toBe(1);
  });
});
