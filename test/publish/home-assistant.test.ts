import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectAsync } from 'mqtt';
import { z } from 'zod';
import type { Announced, AnnouncedMemory } from '../../appliance/daemon/publish/home-assistant.ts';
import type { MqttPublisherOptions } from '../../appliance/daemon/publish/mqtt.ts';
import { mosquittoMissing } from '../support/broker.ts';
import { Desk } from './command-desk.ts';
import type { Ear } from './ear.ts';
import { Ear as Listener } from './ear.ts';
import { blockedAttributes, DevicePayload, DiscoveryTopic, rendered } from './home-assistant-rules.ts';
import { base, MqttSetup } from './mqtt-setup.ts';

if (mosquittoMissing) process.stderr.write(`skipped: Home Assistant's discovery, since ${mosquittoMissing}\n`);

const topic = 'homeassistant/device/vedette_box/config';
const stateTopic = `${base}/state`;
const lastTopic = `${base}/last`;
const model = { name: 'demo', sha256: 'ab', provider: 'cpu', building: null } as const;
const Attributes = z.record(z.string(), z.unknown());
const summary = { total_frames: 300, total_detections: 14, fps: 25, duration_s: 12 };

describe.skipIf(mosquittoMissing)('Home Assistant', () => {
  let setup: MqttSetup;
  let announced: Announced | null;
  const memory: AnnouncedMemory = { read: () => announced, write: (now) => (announced = now) };
  beforeEach(async () => {
    announced = null;
    setup = await MqttSetup.open();
    setup.source.system = { ...setup.source.system, model: { ...model, classes: ['person', 'car'] } };
  });
  afterEach(() => setup.opened.close());

  type Home = NonNullable<MqttPublisherOptions['home']>;
  async function publish(home: Partial<Home> = {}, options: Partial<MqttPublisherOptions> = {}) {
    const settings = { enabled: true, prefix: 'homeassistant', buttons: ['Gate', 'Yard 2'], memory };
    const desk = () => new Desk(setup.source);
    const { publisher, connected } = setup.publish({
      desk,
      home: { ...settings, reannounceMs: { min: 1, max: 5 }, ...home },
      ...options,
    });
    await connected();
    return publisher;
  }
  const listen = (filter: string) => setup.listen(filter);
  const payloads = (ear: Ear) => ear.textsOf(topic).map((text) => DevicePayload.parse(JSON.parse(text)));
  async function announcement(): Promise<z.infer<typeof DevicePayload>> {
    const ear = await listen(topic);
    await ear.heard.until((all) => all.length > 0);
    const [first] = payloads(ear);
    if (!first) throw new Error('nothing announced');
    return first;
  }
  /** The newest that is retained. */
  async function retained(): Promise<(topic: string) => string> {
    const all = await Listener.retained(setup.broker.url);
    return (wanted) => {
      const text = all.get(wanted);
      if (text === undefined) throw new Error(`nothing on ${wanted}`);
      return text;
    };
  }

  it('is told by the documented rules what there is: sensors, buttons, pictures', async () => {
    await publish({}, { pictures: { poster: () => Promise.resolve(null), glance: () => null } });
    expect(DiscoveryTopic.parse(topic)).toBe(topic);
    const { device, origin, components } = await announcement();
    expect(device.identifiers).toEqual(['vedette_box']);
    expect(origin).toMatchObject({ name: 'Vedette', sw_version: '0.1.0' });
    expect(Object.keys(components)).toEqual([
      ...['jobs_running', 'jobs_waiting', 'progress', 'eta', 'stage', 'last_result', 'detections'],
      ...['class_person', 'class_car', 'problem', 'cancel', 'submit_gate', 'submit_yard_2', 'poster', 'preview'],
    ]);
    expect(components['cancel']).toMatchObject({ command_topic: `${base}/cmd/cancel` });
    expect(components['eta']).toMatchObject({ availability: [{ topic: `${base}/availability` }] });
  });

  it('is offered no button where nobody is listened to, and no picture where none leaves', async () => {
    await publish({}, { desk: undefined });
    const { components } = await announcement();
    const platforms = Object.values(components).map(({ platform }) => platform);
    expect(new Set(platforms)).toEqual(new Set(['sensor', 'binary_sensor']));
  });

  const moments: readonly (readonly [name: string, happen: (setup: MqttSetup) => void])[] = [
    ['nothing has happened', () => undefined],
    ['a job runs', ({ source }) => void source.create({ progress: 41, etaS: 17.4, stage: 'analyzing' })],
    ['a job begins', ({ source }) => void source.create({ progress: null, etaS: null, stage: null, fps: null })],
    [
      'a job has completed',
      ({ source }) => {
        const { id } = source.create();
        source.change(id, { summary: { ...summary, classes: { person: 12, dog: 2 } } });
        source.complete(id);
      },
    ],
    [
      'a job has failed',
      ({ source }) => {
        const error = { code: 'tool-failed', message: 'The tool failed' };
        source.change(source.create().id, { status: 'failed', error });
      },
    ],
    ['something is wrong', ({ source }) => source.tellSystem({ state: 'degraded', reasons: ['The disk is full'] })],
    ['the model is away', ({ source }) => source.tellSystem({ model: null })],
    [
      'a model has strange classes',
      ({ source }) => {
        const strange = ['items', '2 wheels', "x' }}{{ 1", '人', '犬', 'a b', 'a-b', 'class 3', ...Array(500).keys()];
        source.tellSystem({ model: { ...model, classes: strange.map(String) } });
      },
    ],
  ];

  it.each(moments)('finds a value for each of its templates when %s', async (_name, happen) => {
    const publisher = await publish();
    const ear = await listen(topic);
    happen(setup);
    await publisher.close();
    await ear.heard.until((all) => all.length > 0);
    const components = payloads(ear).at(-1)?.components ?? {};
    const told = await retained();
    expect(Object.keys(components).length).toBeLessThan(50);
    for (const component of Object.values(components)) {
      if (!('value_template' in component)) continue;
      const value = rendered(component.value_template, told(component.state_topic));
      if (component.platform === 'binary_sensor') {
        expect([component.payload_on, component.payload_off]).toContain(value);
      } else if (component.options) {
        expect([null, ...component.options]).toContain(value);
      } else expect(value === null || typeof value === 'number').toBe(true);
      if (component.json_attributes_topic === undefined) continue;
      const text = told(component.json_attributes_topic);
      const { json_attributes_template: template } = component;
      const attributes = Attributes.parse(template === undefined ? JSON.parse(text) : rendered(template, text));
      expect(blockedAttributes.filter((name) => name in attributes)).toEqual([]);
    }
  });

  it('hears of the running job, and of the last one with what was counted', async () => {
    const publisher = await publish();
    const { id } = setup.source.create();
    setup.source.change(id, { summary: { ...summary, classes: { person: 12, dog: 2 } } });
    setup.source.complete(id);
    setup.source.create({ progress: 41, etaS: 17.4, sourceName: 'yard.mp4' });
    setup.source.tellSystem({ jobs: { pending: 3, running: 1 } });
    await publisher.close();
    const told = await retained();
    expect(JSON.parse(told(stateTopic))).toMatchObject({
      v: 1,
      boot: 'boot-1',
      jobs: { running: 1, waiting: 3 },
      job: { source: 'yard.mp4', progress: 41, eta_s: 17, stage: 'analyzing' },
    });
    expect(JSON.parse(told(lastTopic))).toMatchObject({
      result: 'completed',
      detections: 14,
      classes: { n_person: 12, n_car: 0 },
      job: { job_id: id, classes: { person: 12, dog: 2 }, url: `/v1/jobs/${id}/result`, error: null },
    });
  });

  it('hears of a change at once, and then no more often than it may', async () => {
    await publish();
    const ear = await listen(stateTopic);
    const lastEar = await listen(lastTopic);
    await ear.heard.until((all) => all.length === 1);
    const job = setup.source.create();
    for (let frame = 0; frame < 200; frame++) setup.source.progress(job.id, { progress: 1 + Math.floor(frame / 4) });
    await ear.heard.find(({ text }) => text.includes('"progress":50'));
    expect(ear.heard.all.length).toBeLessThanOrEqual(4);
    // Each message on it is a change for an automation: nothing has ended.
    expect(lastEar.heard.all).toHaveLength(1);
  });

  it('is told all again a little after it has started, and nothing when it stops', async () => {
    await publish();
    const ear = await listen(topic);
    await ear.heard.until((all) => all.length === 1);
    const home = await connectAsync(setup.broker.url);
    await home.publishAsync('homeassistant/status', 'offline', { qos: 1 });
    await home.publishAsync('homeassistant/status', 'online', { qos: 1, retain: true });
    await ear.heard.until((all) => all.length === 2);
    await home.endAsync();
    expect(payloads(ear)[1]).toEqual(payloads(ear)[0]);
  });

  it('loses what is no more: first emptied, then left out', async () => {
    await publish();
    const ear = await listen(topic);
    await ear.heard.until((all) => all.length === 1);
    setup.source.tellSystem({ model: { ...model, classes: ['person', 'bus'] } });
    await ear.heard.until((all) => all.length === 3);
    const [, emptied, left] = payloads(ear);
    expect(emptied?.components['class_car']).toEqual({ platform: 'sensor' });
    expect(emptied?.components['class_bus']).toMatchObject({ platform: 'sensor', name: 'bus' });
    expect(left?.components).not.toHaveProperty('class_car');
    expect(announced?.components).toEqual(
      Object.fromEntries(Object.entries(left?.components ?? {}).map(([key, { platform }]) => [key, platform])),
    );
  });

  it('keeps what was there while no model is known yet, also after a restart', async () => {
    const first = await publish();
    await first.close();
    setup.source.system = { ...setup.source.system, model: null };
    await publish({ buttons: ['Gate'] });
    const ear = await listen(topic);
    await ear.heard.until(() => payloads(ear).some(({ components }) => !('submit_yard_2' in components)));
    const last = payloads(ear).at(-1)?.components;
    expect(last).toHaveProperty('class_car');
    expect(last).toHaveProperty('submit_gate');
  });

  it('loses the whole device, its state and its picture when discovery is switched off, or called by another name', async () => {
    const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
    setup.source.create({ status: 'completed', hasPoster: true, completedAt: 1 });
    const pictures = { poster: () => Promise.resolve(picture), glance: () => null };
    const first = await publish({}, { pictures });
    const ear = await listen('#');
    await ear.heard.find((message) => message.topic === `${base}/poster`);
    await first.close();
    const second = await publish({ prefix: 'home' }, { pictures });
    await second.close();
    const moved = await Listener.retained(setup.broker.url);
    expect([...moved.keys()]).toContain('home/device/vedette_box/config');
    expect([...moved.keys()]).not.toContain(topic);
    const third = await publish({ enabled: false });
    await third.close();
    const kept = [...(await Listener.retained(setup.broker.url)).keys()];
    expect(kept.filter((one) => !one.startsWith(`${base}/job/`)).sort()).toEqual([
      `${base}/availability`,
      `${base}/status`,
    ]);
    expect(announced).toBeNull();
  });
});
