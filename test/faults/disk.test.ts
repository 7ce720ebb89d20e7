// The disk runs full, of others' files and to its last byte: jobs wait, nothing is lost, and they go on once there is room.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, openAsBlob, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import Sqlite from 'better-sqlite3';
import { connectAsync } from 'mqtt';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { SystemView } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents, WatchAnswer } from '../../appliance/contract/events.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { fillDisk, smallDisk, whyNoDisk } from '../support/small-disk.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { recordFault, whole } from './table.ts';
import { Visitor } from './visitor.ts';
import { wrongLines } from './wrong-lines.ts';

const missing = whyNoDisk() ?? noFfmpeg;
if (missing) process.stderr.write(`SKIPPED test/faults/disk: no disk can be mounted and filled: ${missing}\n`);

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const mb = 1024 * 1024;
const soon = { timeout: 15_000, interval: 20 };
const Item = z.object({
  status: z.string(),
  progress: z.number(),
  held: z.string().nullable(),
  error_message: z.string().nullable(),
});

interface Appliance {
  readonly daemon: RunningDaemon;
  readonly visitor: Visitor;
}

async function start(folder: string, settings: Readonly<Record<string, unknown>>, mqtt = 'off'): Promise<Appliance> {
  const config = join(folder, 'vedette.yaml');
  writeFileSync(config, JSON.stringify({ node: 'box', ...settings }));
  const daemon = await startDaemon({ folder, env: { VEDETTE_CONFIG: config, VEDETTE_MQTT_URL: mqtt } });
  await daemon.logged('ready for jobs');
  return { daemon, visitor: new Visitor(daemon.url) };
}

const reserve = (megabytes: number) => ({ serve: { disk_reserve_mb: megabytes } });
const artifact = (folder: string, id: string): Buffer => readFileSync(join(folder, 'jobs', id, 'frames.ndjson'));

async function job({ daemon }: Appliance, id: string): Promise<z.infer<typeof Item>> {
  return Item.parse(await (await fetch(`${daemon.url}/v1/jobs/${id}`)).json());
}

async function ready({ daemon }: Appliance): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${daemon.url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

async function upload({ daemon }: Appliance): Promise<{ status: number; text: string }> {
  const form = new FormData();
  form.set('file', await openAsBlob(sample), 'sample.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const answer = await fetch(`${daemon.url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  return { status: answer.status, text: await answer.text() };
}

/** What a kiosk is told of the appliance, the newest last. */
async function watchSystem({ daemon }: Appliance): Promise<SystemView[]> {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(daemon.url, { transports: ['websocket'] });
  onTestFinished(() => void socket.disconnect());
  const told: SystemView[] = [];
  socket.on('system', (system) => told.push(system));
  const answer = await new Promise<WatchAnswer>((resolve) => socket.emit('watch', { all: true }, resolve));
  if ('system' in answer) told.push(answer.system);
  return told;
}

/** Shorter than this, a job may be over before the watch on the disk has looked. */
const longEnoughMs = 3000;

interface Undisturbed {
  readonly video: string;
  readonly frames: Buffer;
}

/** As the next daemon will find it. */
function isRecordedAsDone(folder: string, id: string): boolean {
  const database = new Sqlite(join(folder, 'vedette.db'), { readonly: true });
  const row = database.prepare('SELECT status, progress FROM jobs WHERE id = ?').get(id);
  database.close();
  return isDeepStrictEqual(row, { status: 'completed', progress: 100 });
}

describe.skipIf(missing)('a disk that', () => {
  let media: MediaFolder;
  let known: Undisturbed | undefined;
  beforeAll(async () => {
    media = await MediaFolder.open();
  });
  afterAll(() => media.close());

  /** A job that nothing happens to, of a video that keeps this machine busy for long enough. */
  async function undisturbed({ visitor, daemon }: Appliance): Promise<Undisturbed> {
    const run = async (video: string): Promise<{ id: string; ms: number }> => {
      const id = await visitor.submit(video);
      return { id, ms: await visitor.completed(id) };
    };
    if (known) return known;
    const { id, ms } = await run(sample);
    if (ms >= longEnoughMs) return (known = { video: sample, frames: artifact(daemon.folder, id) });
    const times = Math.ceil(longEnoughMs / ms);
    const video = await media.make('long.mp4', '-stream_loop', String(times), '-i', sample, '-an', '-c', 'copy');
    const longer = await run(video);
    return (known = { video, frames: artifact(daemon.folder, longer.id) });
  }

  test('falls below its reserve holds the running job and refuses uploads, everybody sees why, and all goes on by itself', async () => {
    const folder = smallDisk(96);
    const box = await start(folder, reserve(24), 'embedded:0');
    const { visitor, daemon } = box;
    const { video, frames } = await undisturbed(box);
    const systems = await watchSystem(box);
    const { mqtt } = await daemon.logged('listening');
    const ear = await connectAsync(String(mqtt), { protocolVersion: 4 });
    onTestFinished(() => ear.endAsync());
    let status = '';
    ear.on('message', (_topic, payload) => (status = payload.toString()));
    await ear.subscribeAsync('vedette/box/status');

    const [tried, wrong, recoveries] = [whole ? 5 : 1, [] as number[], [] as number[]];
    for (let round = 0; round < tried; round++) {
      const id = await visitor.submit(video);
      await visitor.reached(id, 10 + round * 20);
      fillDisk(folder, 12 * mb);
      await expect
        .poll(async () => (await job(box, id)).held, soon)
        .toMatch(/^The disk is nearly full: less than 25\.2 MB/);
      const held = await job(box, id);
      expect(held.status).toBe('running');
      await expect.poll(() => ready(box), soon).toMatchObject({ status: 503 });
      expect((await ready(box)).text).toMatch(/[12]\d\.\d MB are free, and 25\.2 MB must stay free/);
      await expect.poll(() => systems.at(-1)?.disk?.state, soon).toBe('low');
      expect(systems.at(-1)).toMatchObject({ state: 'degraded', disk: { reserve_bytes: 24 * mb } });
      expect(systems.at(-1)?.reasons.join()).toContain('remove finished jobs');
      await expect.poll(() => status, soon).toContain('must stay free');
      expect(await visitor.metric('vedette_disk_low')).toBe(1);
      const refused = await upload(box);
      expect(refused.status).toBe(507);
      expect(refused.text).toMatch(/1\d\.\d MB are free, 1\.98 MB more are needed, and 26\.4 MB must stay free/);
      expect((await job(box, id)).progress).toBeLessThan(100);

      rmSync(join(folder, 'filling'));
      const freed = performance.now();
      await expect.poll(async () => (await job(box, id)).held, soon).toBeNull();
      recoveries.push(performance.now() - freed);
      await visitor.completed(id);
      wrong.push(wrongLines(artifact(folder, id), frames));
      await expect.poll(() => ready(box), soon).toMatchObject({ status: 200 });
      await visitor.remove(id);
    }
    await expect.poll(() => systems.at(-1)?.state, soon).toBe('ok');
    expect(wrong).toEqual(Array(tried).fill(0));
    expect(Math.max(...recoveries)).toBeLessThan(2000);
    recordFault({
      fault: 'disk below its reserve in the middle of a job',
      tried,
      jobsLost: 0,
      framesWrong: wrong.reduce((sum, count) => sum + count, 0),
      recoveryMs: Math.max(...recoveries),
    });
  }, 120_000);

  test('is full to its last byte in the middle of a job, and at its end, loses nothing', async () => {
    const folder = smallDisk(160);
    const box = await start(folder, reserve(0.001));
    const { visitor } = box;
    const { video, frames } = await undisturbed(box);
    const last = frames.toString().split('\n').length - 1;

    const shares = whole ? [0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95, 0.98, 0.995] : [0.3];
    const [ids, recoveries] = [[] as string[], [] as number[]];
    for (const share of shares) {
      const id = await visitor.submit(video);
      ids.push(id);
      await visitor.reached(id, Math.ceil(share * last));
      fillDisk(folder, 0);
      // Held by whoever notices first: the worker, the watch on the disk, or whoever records the job's end.
      await expect
        .poll(async () => job(box, id), soon)
        .toSatisfy((now: z.infer<typeof Item>) => now.held !== null || now.status === 'completed');
      expect(await job(box, id)).toMatchObject({ error_message: null });
      rmSync(join(folder, 'filling'));
      const freed = performance.now();
      await expect.poll(async () => (await job(box, id)).held, soon).toBeNull();
      recoveries.push(performance.now() - freed);
      await visitor.completed(id);
    }
    const wrong = ids.map((id) => wrongLines(artifact(folder, id), frames));
    expect(wrong).toEqual(ids.map(() => 0));

    expect(await box.daemon.stop()).toBe(0);
    const lost = ids.filter((id) => !isRecordedAsDone(folder, id));
    expect(lost).toEqual([]);
    recordFault({
      fault: 'disk full to the last byte in the middle of a job, or at its end',
      tried: shares.length,
      jobsLost: lost.length,
      framesWrong: wrong.reduce((sum, count) => sum + count, 0),
      recoveryMs: Math.max(...recoveries),
    });
  }, 120_000);

  test.runIf(whole)(
    'holds as many videos or results as their quotas allow takes no more until some are removed',
    async () => {
      const folder = smallDisk(48);
      const box = await start(folder, { ...reserve(1), storage: { uploads_mb: 3 } });
      const first = await box.visitor.submit(sample);
      const refused = await upload(box);
      expect(refused.status).toBe(507);
      expect(refused.text).toMatch(
        /hold 1\.98 MB of their quota of 3\.15 MB, and 1\.98 MB more are needed\. Remove finished/,
      );
      await box.visitor.completed(first);
      expect(await box.daemon.stop()).toBe(0);

      // As if the daemon had ended between the move of an upload and its row.
      const orphan = join(folder, 'jobs', randomUUID());
      mkdirSync(orphan);
      writeFileSync(join(orphan, 'input'), 'video');

      const next = await start(folder, { ...reserve(1), storage: { artifacts_mb: 0.1 } });
      expect(await next.daemon.logged('folders without a job removed')).toMatchObject({ folders: 1, bytes: 5 });
      expect([existsSync(orphan), existsSync(join(folder, 'jobs', first))]).toEqual([false, true]);
      await expect.poll(() => ready(next), soon).toMatchObject({ status: 503 });
      expect((await ready(next)).text).toMatch(/Results hold 1\d\d KB of their quota of 105 KB/);
      expect(await upload(next)).toMatchObject({ status: 507 });
      const removed = performance.now();
      await next.visitor.remove(first);
      await expect.poll(() => ready(next), soon).toMatchObject({ status: 200 });
      const recoveryMs = performance.now() - removed;
      expect(await upload(next)).toMatchObject({ status: 200 });
      recordFault({ fault: 'quota of videos or results used up', tried: 2, jobsLost: 0, framesWrong: 0, recoveryMs });
    },
    120_000,
  );
});
