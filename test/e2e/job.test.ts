// One job, the whole way, seen at the same time by everyone: REST, Socket.IO, plain WebSocket, MQTT and the kiosk.
import { openAsBlob } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { type Browser, chromium } from 'playwright-core';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { z } from 'zod';
import { type JobItem, JobStatusView, type ProgressView } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../appliance/contract/events.ts';
import { startDaemon } from '../support/daemon.ts';
import { findChromium } from '../ui/find-chromium.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const executablePath = findChromium();
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

// Both wait for a whole video.
vi.setConfig({ testTimeout: 120_000 });

/** What one channel said of the job, in its order. `seq` where the channel has one. */
interface Said {
  readonly progress: number | null;
  readonly status: string;
  readonly seq?: number;
}

const Payload = z.object({ status: z.string(), progress: z.number(), seq: z.number(), current_frame: z.number() });
const Result = z.object({
  url: z.string(),
  summary: z.looseObject({ total_frames: z.number(), total_detections: z.number() }),
});

function expectHonest(channel: string, said: readonly Said[]): void {
  const bars = said.map(({ progress }) => progress ?? -1);
  expect(said.length, `${channel} heard of the job`).toBeGreaterThan(2);
  expect(bars.every(Number.isInteger), `${channel}: integers`).toBe(true);
  expect(bars, `${channel}: never back`).toEqual([...bars].sort((a, b) => a - b));
  expect(
    said.every(({ progress, status }) => (progress === 100) === (status === 'completed')),
    `${channel}: 100 exactly when completed`,
  ).toBe(true);
  expect(said.at(-1), `${channel}: the end`).toMatchObject({ progress: 100, status: 'completed' });
}

/** A page that notes every percentage that its progress bar shows. */
async function watchKiosk(browser: Browser, url: string) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  onTestFinished(() => page.close());
  await page.addInitScript(`
    window.seen = [];
    new MutationObserver(() => {
      const now = document.querySelector('[role=progressbar][aria-valuenow]')?.getAttribute('aria-valuenow');
      if (now && window.seen.at(-1) !== Number(now)) window.seen.push(Number(now));
    }).observe(document, { subtree: true, childList: true, attributes: true });
  `);
  await page.goto(url);
  await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
  return {
    seen: async () => {
      await page.getByText('350 frames').waitFor();
      return page.evaluate<number[]>('window.seen');
    },
  };
}

async function submit(url: string): Promise<string> {
  const form = new FormData();
  form.set('file', await openAsBlob(sample), 'conveyor.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const answer = await fetch(`${url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  expect(answer.status).toBe(200);
  return z.object({ job_id: z.uuid() }).parse(await answer.json()).job_id;
}

describe('one job from upload to completed', () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (executablePath) browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(async () => browser?.close());

  test('has the same progress on REST, Socket.IO, WebSocket, MQTT and the kiosk, and is whole in the end', async () => {
    const daemon = await startDaemon({ env: { VEDETTE_MQTT_URL: 'embedded:0' } });
    await daemon.logged('ready for jobs');
    const screen = browser && (await watchKiosk(browser, daemon.url));
    if (!screen) process.stderr.write('skipped: the kiosk in this test, since there is no Chromium on this machine\n');

    const live: Said[] = [];
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(daemon.url, { transports: ['websocket'] });
    onTestFinished(() => void socket.disconnect());
    const hear = ({ progress, status, seq }: ProgressView | JobItem) => live.push({ progress, status, seq });
    socket.on('progress', hear);
    socket.on('job', hear);
    const snapshot = await new Promise<WatchAnswer>((resolve) => socket.emit('watch', { all: true }, resolve));
    expect(snapshot).toMatchObject({ jobs: [], system: { state: 'ok', model: { name: 'demo', provider: 'cpu' } } });

    const { mqtt: mqttUrl } = await daemon.logged('listening');
    const mqtt = await connectAsync(String(mqttUrl), { protocolVersion: 4 });
    onTestFinished(() => mqtt.endAsync());
    const retained = new Map<string, string>();
    const onMqtt: Said[] = [];
    mqtt.on('message', (topic, payload) => {
      retained.set(topic, payload.toString());
      if (!/\/job\/[^/]+$/.test(topic)) return;
      const { progress, status, seq } = Payload.parse(JSON.parse(payload.toString()));
      onMqtt.push({ progress, status, seq });
    });
    await mqtt.subscribeAsync('vedette/#');

    const id = await submit(daemon.url);
    const onSocket: Record<string, unknown>[] = [];
    const plain = new WebSocket(`${daemon.url.replace('http', 'ws')}/v1/ws/jobs/${id}`);
    plain.on('message', (data: Buffer) => onSocket.push(JSON.parse(data.toString()) as Record<string, unknown>));

    const polled: Said[] = [];
    for (;;) {
      const answer = await fetch(`${daemon.url}/v1/video/status/${id}`);
      const view = JobStatusView.strict().parse(await answer.json());
      polled.push(view);
      expect(view.status).not.toBe('failed');
      if (view.status === 'completed') break;
      await wait(5); // without a pause, asking takes the processor that the job needs
    }
    await expect.poll(() => onMqtt.at(-1)?.status).toBe('completed');
    await expect.poll(() => live.at(-1)?.status).toBe('completed');
    await expect.poll(() => onSocket.at(-1)).toEqual({ job_id: id, status: 'completed' });
    plain.close();
    const shown = await screen?.seen();

    expectHonest('REST', polled);
    expectHonest('Socket.IO', live);
    expectHonest('MQTT', onMqtt);
    const percents = onSocket.map(({ percent }) => percent).filter((percent) => typeof percent === 'number');
    expect(percents).toEqual([...percents].sort((a, b) => a - b));

    if (shown) {
      expect(shown, 'the kiosk: never back').toEqual([...shown].sort((a, b) => a - b));
      expect(new Set(shown).size, 'the kiosk moves').toBeGreaterThan(3);
      const told = new Set(live.map(({ progress }) => progress));
      for (const percent of shown) expect(told, 'what the kiosk shows was pushed').toContain(percent);
    }

    const bySeq = new Map(live.map(({ seq, progress }) => [seq, progress]));
    expect(bySeq.size, 'nothing arrives twice').toBe(live.length);
    const both = onMqtt.filter(({ seq }) => bySeq.has(seq));
    expect(both.length).toBeGreaterThan(1);
    for (const { seq, progress } of both) expect(progress).toBe(bySeq.get(seq));
    expect(onMqtt.length, 'at most one progress a second, and the changes of status').toBeLessThan(live.length);

    const { results } = z
      .object({ results: z.object({ results: z.object({ frames: z.array(z.unknown()), summary: z.unknown() }) }) })
      .parse(await (await fetch(`${daemon.url}/v1/video/results/${id}`)).json());
    expect(results.results.frames).toHaveLength(350);
    const result = Result.parse(JSON.parse([...retained].find(([topic]) => topic.endsWith('/result'))?.[1] ?? '{}'));
    expect(result.summary).toEqual(results.results.summary);
    expect(result.summary.total_detections).toBeGreaterThan(1000);
    expect((await fetch(new URL(result.url, daemon.url))).status).toBe(200);

    expect(await daemon.stop()).toBe(0);
    await expect.poll(() => [...retained].find(([topic]) => topic.endsWith('/availability'))?.[1]).toBe('offline');
  });

  test.skipIf(!executablePath)(
    'moves its bar on the kiosk by push, and ends as a card with its counts',
    async ({ skip }) => {
      if (!browser) return skip('no Chromium on this machine');
      const daemon = await startDaemon();
      await daemon.logged('ready for jobs');
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => requests.push(new URL(request.url()).pathname));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(daemon.url);
      await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();

      const rail = page.getByRole('navigation');
      await rail.getByRole('link', { name: 'Add' }).click();
      await page.locator('input[type=file]').first().setInputFiles(sample);
      await page.getByRole('button', { name: 'Analyse 1 file' }).click();
      await rail.getByRole('link', { name: 'Board' }).click();
      const bar = page.getByRole('progressbar', { name: /Progress of sample\.mp4/ });
      await bar.waitFor();
      const seen: number[] = [];
      while (await bar.isVisible()) {
        const now = await bar.getAttribute('aria-valuenow', { timeout: 500 }).catch(() => null); // it has gone: the job ended
        if (now !== null) seen.push(Number(now));
        await wait(10); // as above
      }
      expect(new Set(seen).size, 'the bar moved').toBeGreaterThan(3);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      await page.getByText('350').first().waitFor();
      expect(
        requests.filter((path) => path === '/v1/jobs' || path.startsWith('/v1/video/status')),
        'no polling while push is up',
      ).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
      expect(await daemon.stop()).toBe(0);
    },
  );
});
