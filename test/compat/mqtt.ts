// §5: the topics on MQTT.
import { connectAsync, type IPublishPacket } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { detect } from './api.ts';
import type { Bench } from './bench.ts';

interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly packet: IPublishPacket;
}

const Payload = z.object({
  ...{ v: z.number(), ts: z.number(), boot: z.string(), seq: z.number().int(), status: z.string() },
  ...{ progress: z.number().int().nullable(), stage: z.string().nullable(), current_frame: z.number() },
  ...{ total_frames: z.number().nullable(), fps: z.number().nullable(), eta_s: z.number().nullable() },
  error: z.string().nullable(),
});

/** Null where no broker was named. */
async function listen(bench: Bench) {
  const url = bench.api.target.mqtt;
  if (url === null) return null;
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync());
  const heard: Heard[] = [];
  client.on('message', (topic, payload, packet) => heard.push({ topic, text: payload.toString(), packet }));
  await client.subscribeAsync(['vedette/#', 'homeassistant/device/#'], { qos: 1 });
  const at = async (end: string, fits: (text: string) => boolean = () => true): Promise<Heard> => {
    const found = () => heard.find(({ topic, text }) => topic.endsWith(end) && fits(text));
    await expect.poll(() => found() !== undefined, { timeout: 60_000 }).toBe(true);
    return found() ?? { topic: '', text: '', packet: {} as IPublishPacket };
  };
  return { client, heard, at };
}

export function mqttCases(bench: () => Bench): void {
  test('§5 MQTT: availability and status are retained', async (context) => {
    const listening = await listen(bench());
    if (!listening) return context.skip('no broker: VEDETTE_COMPAT_MQTT');
    const { at } = listening;
    expect(await at('/availability')).toMatchObject({ text: 'online', packet: { retain: true } });
    const status = await at('/status');
    expect(status.packet.retain).toBe(true);
    expect(JSON.parse(status.text)).toMatchObject({
      state: expect.any(String) as string,
      version: expect.any(String) as string,
    });
  });

  test('§5 MQTT: a job is told on its topic, its result beside it, and both go when it is removed', async (context) => {
    const { api, media } = bench();
    const listening = await listen(bench());
    if (!listening) return context.skip('no broker: VEDETTE_COMPAT_MQTT');
    const { heard, at } = listening;
    const id = await api.submit(media.video, `tool=${detect}`);
    await at(`/job/${id}`, (text) => text.includes('"completed"'));
    const result = await at(`/job/${id}/result`);
    expect(JSON.parse(result.text)).toMatchObject({ url: `/v1/jobs/${id}/result`, summary: { total_frames: 25 } });
    const told = heard
      .filter(({ topic }) => topic.endsWith(`/job/${id}`))
      .map(({ text }) => Payload.parse(JSON.parse(text)));
    const seqs = told.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(told.at(-1)).toMatchObject({ status: 'completed', progress: 100 });
    await api.call('DELETE', `/v1/jobs/${id}`);
    await at(`/job/${id}`, (text) => text === '');
    await at(`/job/${id}/result`, (text) => text === '');
  });

  test('§5 MQTT: a retained command is ignored', async (context) => {
    const { api, media } = bench();
    const listening = await listen(bench());
    if (!listening) return context.skip('no broker: VEDETTE_COMPAT_MQTT');
    const { client, at } = listening;
    const base = (await at('/availability')).topic.replace(/\/availability$/, '');
    const id = await api.submit(media.longVideo, `tool=${detect}`);
    const cancel = `${base}/cmd/cancel`;
    await client.publishAsync(cancel, JSON.stringify({ job_id: id }), { qos: 1, retain: true });
    await client.publishAsync(cancel, '', { qos: 1, retain: true });
    await at(`/job/${id}`, (text) => text.includes('"running"'));
    expect((await api.fields(`/v1/jobs/${id}`))['error_message']).toBeNull();
    await api.call('DELETE', `/v1/jobs/${id}`);
    await api.ended(id, 'failed');
  });

  test('§5 MQTT: cmd/cancel is done, and answered on cmd/reply', async (context) => {
    const { api, media } = bench();
    const listening = await listen(bench());
    if (!listening || !api.target.commands) return context.skip('no broker with commands: VEDETTE_COMPAT_COMMANDS');
    const { client, at } = listening;
    const base = (await at('/availability')).topic.replace(/\/availability$/, '');
    const job_id = await api.submit(media.longVideo, `tool=${detect}`);
    const ask = (what: object) => client.publishAsync(`${base}/cmd/cancel`, JSON.stringify(what), { qos: 1 });
    await ask({ job_id, id: 'compat-1' });
    const done = await at('/cmd/reply', (text) => text.includes('compat-1'));
    expect([JSON.parse(done.text), done.packet.retain]).toMatchObject([{ ok: true, job_id }, false]);
    await api.ended(job_id, 'failed');
    await ask({ job_id: 'nobody', id: 'compat-2' });
    const refused = await at('/cmd/reply', (text) => text.includes('compat-2'));
    expect(JSON.parse(refused.text)).toMatchObject({ ok: false, code: 'command-malformed' });
  });

  test('§5 MQTT: Home Assistant is told of the device, once and for all', async (context) => {
    const listening = await listen(bench());
    if (!listening) return context.skip('no broker: VEDETTE_COMPAT_MQTT');
    const config = await listening.at('/config', (text) => text !== '');
    expect(config.packet.retain).toBe(true);
    const { dev, o, cmps, ...rest } = z.record(z.string(), z.unknown()).parse(JSON.parse(config.text));
    expect([dev ?? rest['device'], o ?? rest['origin'], cmps ?? rest['components']]).toEqual([
      ...[expect.any(Object) as object, expect.any(Object) as object, expect.any(Object) as object],
    ]);
  });
}
