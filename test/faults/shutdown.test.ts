// SIGTERM to a daemon at work: once it leaves cleanly and soon, twice at once, and nothing is lost either way.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { readCheckpoint } from '../../appliance/worker/checkpoint.ts';
import { mosquittoMissing, startBroker } from '../support/broker.ts';
import { startDaemon } from '../support/daemon.ts';
import { lives } from '../support/process-tree.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { Appliance, workersOf } from './appliance.ts';
import { recordFault, whole } from './table.ts';
import { wrongLines } from './wrong-lines.ts';

describe.skipIf(noFfmpeg !== null)(`SIGTERM${noFfmpeg === null ? '' : ` (${noFfmpeg})`}`, () => {
  let media: MediaFolder;
  let clip: string;
  let undisturbed: Buffer | undefined;
  beforeAll(async () => {
    media = await MediaFolder.open();
    const again = whole ? '1' : '0';
    clip = await media.make('long.mp4', '-stream_loop', again, '-i', 'models/demo/sample.mp4', '-c', 'copy');
  }, 60_000);
  afterAll(() => media.close());

  test.each(['once', 'twice'] as const)(
    '%s: the job goes on after the next start, as if nothing had happened',
    async (how) => {
      const appliance = await Appliance.start();
      if (!undisturbed) {
        const first = await appliance.submit(clip);
        await appliance.ended(first);
        undisturbed = await readFile(appliance.artifact(first, jobFiles.frames));
      }
      const id = await appliance.submit(clip);
      await appliance.until(id, (job) => job.current_frame > 200);
      const told = await appliance.job(id);
      const { child } = appliance.daemon;
      const family = await workersOf(child.pid ?? 0);
      const asked = performance.now();
      const exited = new Promise<[number | null, string | null]>((resolve) =>
        child.once('exit', (code, signal) => resolve([code, signal])),
      );
      child.kill('SIGTERM');
      if (how === 'twice') {
        await appliance.daemon.logged('stopping');
        child.kill('SIGTERM');
      }
      const exit = await exited;
      const leftMs = performance.now() - asked;
      expect(exit).toEqual(how === 'once' ? [0, null] : [null, 'SIGTERM']);
      expect(leftMs).toBeLessThan(how === 'once' ? 5000 : 1000);
      if (how === 'once') {
        await expect.poll(() => family.filter(lives), { message: 'no process is left behind' }).toEqual([]);
        expect(await readdir(appliance.folder), 'the WAL went into the database').not.toContain('vedette.db-wal');
        const folder = join(appliance.folder, 'jobs', id);
        expect((await readCheckpoint(folder))?.place.frames).toBeGreaterThanOrEqual(told.current_frame);
      }
      const restarted = performance.now();
      await appliance.restart();
      const again = await appliance.until(id, ({ status }) => status !== 'pending');
      const recoveryMs = performance.now() - restarted;
      expect(again.progress).toBeGreaterThanOrEqual(told.progress ?? 0);
      const end = await appliance.ended(id);
      const framesWrong = wrongLines(await readFile(appliance.artifact(id, jobFiles.frames)), undisturbed);
      const jobsLost = end.status === 'completed' ? 0 : 1;
      recordFault({ fault: `SIGTERM ${how} in the middle of a job`, tried: 1, jobsLost, framesWrong, recoveryMs });
      expect(end).toMatchObject({ status: 'completed' });
      expect(framesWrong).toBe(0);
    },
    120_000,
  );

  test.skipIf(mosquittoMissing)(
    'the last state of a job reaches the broker before the daemon leaves',
    async () => {
      const broker = await startBroker();
      onTestFinished(() => broker.close());
      const daemon = await startDaemon({ env: { VEDETTE_MQTT_URL: broker.url } });
      const ear = await connectAsync(broker.url);
      onTestFinished(() => ear.endAsync(true));
      const heard: string[] = [];
      ear.on('message', (topic, payload) => {
        const { status } = payload.toString().startsWith('{')
          ? (JSON.parse(payload.toString()) as { status?: string })
          : { status: payload.toString() };
        heard.push(`${topic.split('/')[2] ?? ''} ${status ?? ''}`);
      });
      await ear.subscribeAsync('vedette/#', { qos: 1 });
      const appliance = Appliance.of(daemon);
      const id = await appliance.submit(clip);
      await appliance.until(id, (job) => job.current_frame > 50);
      expect(await daemon.stop()).toBe(0);
      await expect.poll(() => heard.at(-1)).toBe('availability offline');
      expect(heard.filter((line) => line.startsWith('job ')).at(-1)).toBe('job pending');
    },
    60_000,
  );
});
