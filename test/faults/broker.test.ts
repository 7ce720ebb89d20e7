// The MQTT broker goes away, refuses, hangs or is slow: jobs do not notice, and what it retains is right soon after.
import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Ear } from '../publish/ear.ts';
import { Opened } from '../publish/opened.ts';
import { SickWire } from '../publish/sick-wire.ts';
import { Wire } from '../publish/wire.ts';
import { freePort, mosquittoMissing, startBroker, type TestBroker } from '../support/broker.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { recordFault, whole } from './table.ts';
import { held, isRight, Visitor } from './visitor.ts';

const missing = mosquittoMissing ?? noFfmpeg;
if (missing) process.stderr.write(`skipped: a broker that goes away, since ${missing}\n`);

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const base = 'vedette/box';
/** After the broker is back. */
const rightWithinMs = 2_000;

describe.skipIf(missing)('the broker', () => {
  const opened = new Opened();
  let media: MediaFolder;
  let short: string;
  beforeAll(async () => {
    media = await MediaFolder.open();
    short = await media.make('short.mp4', '-i', sample, '-t', '2', '-an', '-c', 'copy');
  });
  afterAll(() => media.close());
  afterEach(() => opened.close());

  async function broker(options?: Parameters<typeof startBroker>[0]): Promise<TestBroker> {
    return opened.add(await startBroker(options));
  }
  async function daemonAt(url: string, folder = tempData()): Promise<RunningDaemon & { visitor: Visitor }> {
    const config = join(folder, 'vedette.yaml');
    writeFileSync(config, JSON.stringify({ node: 'box', data: folder, mqtt: { url, username: 'box', password: 'x' } }));
    const daemon = await startDaemon({ folder, env: { VEDETTE_CONFIG: config, VEDETTE_MQTT_URL: url } });
    return { ...daemon, visitor: new Visitor(daemon.url) };
  }
  /** Milliseconds from now until all that the broker holds is right. */
  async function rightAfter(url: string, visitor: Visitor): Promise<number> {
    const begun = performance.now();
    const ear = opened.add(await Ear.open(url));
    // A job that runs moves on while one looks: both sides are looked at anew.
    while (!isRight(ear, base, await visitor.jobs())) await wait(20);
    return performance.now() - begun;
  }

  test('that is away for the whole of a job or in the middle of it makes no job slower, and is told all when it is back', async () => {
    const mosquitto = await broker();
    const { visitor } = await daemonAt(mosquitto.url);
    const video = whole ? sample : short;
    const pairs = whole ? 5 : 1;
    const [there, away]: [number[], number[]] = [[], []];
    const recoveries: number[] = [];
    const removed = await visitor.submit(short);
    await visitor.completed(removed);
    for (let pair = 0; pair < pairs; pair++) {
      there.push(await visitor.run(video));
      await mosquitto.kill();
      away.push(await visitor.run(video));
      if (pair === 0) await visitor.remove(removed);
      await mosquitto.restart();
      recoveries.push(await rightAfter(mosquitto.url, visitor));
    }
    const ratio = Math.min(...away) / Math.min(...there);
    process.stdout.write(
      `job without / with broker: ${ratio.toFixed(2)} (${pairs} pairs), ${there.join()} / ${away.join()} ms\n`,
    );
    // one pair of a second each says only that nothing hangs
    expect(ratio).toBeLessThan(whole ? 1.15 : 10);
    const recoveryMs = Math.max(...recoveries);
    expect(recoveryMs).toBeLessThan(rightWithinMs);
    recordFault({
      fault: 'MQTT broker killed for the whole of a job',
      tried: pairs,
      jobsLost: 0,
      framesWrong: 0,
      recoveryMs,
    });

    const job = await visitor.submit(short);
    await visitor.reached(job, 5);
    await mosquitto.kill();
    // it is the fault: a broker that is away so long
    await wait(whole ? 60_000 : 200);
    await mosquitto.restart();
    const backMs = await rightAfter(mosquitto.url, visitor);
    await visitor.completed(job);
    expect(backMs).toBeLessThan(rightWithinMs);
    const fault = `MQTT broker killed in a job, for ${whole ? 'a minute' : '0.2 s'}`;
    recordFault({ fault, tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs: backMs });
  }, 300_000);

  test('holds no topic of a job that was removed while it was away, though the daemon started anew, and its last state when it stops', async () => {
    const mosquitto = await broker();
    const wire = opened.add(await Wire.open(mosquitto.port));
    const folder = tempData();
    const first = await daemonAt(wire.url, folder);
    const ids = [await first.visitor.submit(short), await first.visitor.submit(short)];
    for (const id of ids) await first.visitor.completed(id);
    const ear = opened.add(await Ear.open(mosquitto.url));
    await ear.heard.until(() => ids.every((id) => held(ear).has(`${base}/job/${id}/result`)));
    wire.unplug();
    await first.logged('MQTT broker away');
    for (const id of ids) await first.visitor.remove(id);
    expect(await first.stop()).toBe(0);
    const second = await daemonAt(wire.url, folder);
    await second.logged('MQTT broker away');
    expect(ids.every((id) => held(ear).has(`${base}/job/${id}`))).toBe(true);
    wire.plug();
    const recoveryMs = await rightAfter(mosquitto.url, second.visitor);
    expect([...held(ear).keys()].filter((topic) => topic.includes('/job/'))).toEqual([]);
    expect(recoveryMs).toBeLessThan(rightWithinMs);
    recordFault({
      fault: 'job removed while broker away, daemon restarted',
      tried: 1,
      jobsLost: 0,
      framesWrong: 0,
      recoveryMs,
    });
    await second.logged('ready for jobs');
    expect(await second.stop()).toBe(0);
    const last = await Ear.retained(mosquitto.url);
    expect(last.get(`${base}/availability`)).toBe('offline');
    expect(JSON.parse(last.get(`${base}/status`) ?? '')).toMatchObject({ state: 'stopping' });
  }, 60_000);

  test('that takes and says nothing any more does not hold the daemon up when it is to stop', async () => {
    const mosquitto = await broker();
    const { visitor, ...daemon } = await daemonAt(mosquitto.url);
    await daemon.logged('MQTT broker connected');
    const ear = opened.add(await Ear.open(mosquitto.url));
    await visitor.reached(await visitor.submit(short), 1);
    mosquitto.freeze();
    const begun = performance.now();
    expect(await daemon.stop()).toBe(0);
    const ms = performance.now() - begun;
    expect(ms).toBeLessThan(5_000);
    mosquitto.thaw();
    await ear.heard.until(() => held(ear).get(`${base}/availability`) === 'offline');
    recordFault({
      fault: 'SIGTERM while the MQTT broker hangs',
      tried: 1,
      jobsLost: 0,
      framesWrong: 0,
      recoveryMs: ms,
    });
  }, 60_000);

  test.runIf(whole)(
    'that refuses the login is used as soon as it is corrected',
    async () => {
      const port = await freePort();
      const strict = await broker({ port, lines: ['allow_anonymous false'] });
      const { visitor, ...daemon } = await daemonAt(strict.url);
      const { reason } = await daemon.logged('MQTT broker away');
      expect(reason).toMatch(/Not authorized/);
      await visitor.run(short);
      expect(daemon.log.filter(({ msg }) => msg === 'MQTT broker away').length).toBeLessThan(3);
      await strict.close();
      const corrected = await broker({ port });
      const recoveryMs = await rightAfter(corrected.url, visitor);
      expect(recoveryMs).toBeLessThan(rightWithinMs);
      recordFault({ fault: 'MQTT login refused, then corrected', tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs });
    },
    120_000,
  );

  test.runIf(whole)(
    'that hangs for half a minute is noticed, said, and told all when it goes on',
    async () => {
      const mosquitto = await broker();
      const { visitor, ...daemon } = await daemonAt(mosquitto.url);
      await daemon.logged('MQTT broker connected');
      await visitor.run(short);
      mosquitto.freeze();
      await visitor.run(short);
      await daemon.logged('MQTT broker away');
      expect(await reasons(visitor.url)).toEqual([expect.stringMatching(/is away \(no acknowledgement within 10 s\)/)]);
      mosquitto.thaw();
      const recoveryMs = await rightAfter(mosquitto.url, visitor);
      expect(recoveryMs).toBeLessThan(rightWithinMs);
      recordFault({
        fault: 'MQTT broker stopped (SIGSTOP) and continued',
        tried: 1,
        jobsLost: 0,
        framesWrong: 0,
        recoveryMs,
      });
    },
    120_000,
  );

  test.runIf(whole).each(['swallowing', 'unconfirmed'] as const)(
    'on a wire that is %s is noticed, said, and told all when the wire is well',
    async (health) => {
      const mosquitto = await broker();
      const wire = opened.add(await SickWire.open(mosquitto.port));
      const { visitor, ...daemon } = await daemonAt(wire.url);
      await daemon.logged('MQTT broker connected');
      const well = await visitor.run(short);
      wire.turn(health);
      const ill = await visitor.run(short);
      await daemon.logged('MQTT broker away');
      expect(await reasons(visitor.url)).toEqual([expect.stringMatching(/The MQTT broker .* is away/)]);
      expect(await visitor.metric('vedette_mqtt_outbox_topics')).toBeLessThan(10);
      wire.turn('well');
      const recoveryMs = await rightAfter(mosquitto.url, visitor);
      process.stdout.write(`job on a ${health} / a good wire: ${(ill / well).toFixed(2)}\n`);
      expect(recoveryMs).toBeLessThan(rightWithinMs);
      recordFault({ fault: `MQTT half-open: ${health}`, tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs });
    },
    120_000,
  );

  test.runIf(whole)(
    'that acknowledges two seconds late is told all, and holds up no job',
    async () => {
      const mosquitto = await broker();
      const wire = opened.add(await SickWire.open(mosquitto.port));
      const { visitor, ...daemon } = await daemonAt(wire.url);
      await daemon.logged('MQTT broker connected');
      const well = await visitor.run(short);
      wire.turn('slow');
      const ill = await visitor.run(short);
      const waiting = await visitor.metric('vedette_mqtt_outbox_topics');
      expect(waiting).toBeLessThan(10);
      wire.turn('well');
      const recoveryMs = await rightAfter(mosquitto.url, visitor);
      expect(daemon.log.filter(({ msg }) => msg === 'MQTT broker away')).toEqual([]);
      process.stdout.write(`job with slow / prompt acknowledgements: ${(ill / well).toFixed(2)}\n`);
      expect(recoveryMs).toBeLessThan(rightWithinMs + 2_000);
      recordFault({ fault: 'MQTT acknowledgements 2 s late', tried: 1, jobsLost: 0, framesWrong: 0, recoveryMs });
    },
    120_000,
  );
});

/** What the appliance complains of, as a client that watches everything sees it. */
async function reasons(url: string): Promise<string[]> {
  const socket = io(url, { transports: ['websocket'], forceNew: true });
  const answer: unknown = await socket.emitWithAck('watch', { all: true });
  socket.disconnect();
  return z.object({ system: z.object({ reasons: z.array(z.string()) }) }).parse(answer).system.reasons;
}
