// Kills by SIGKILL at any moment: of the worker, of the daemon, of both. The job ends as if nothing had happened.
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { Appliance } from './appliance.ts';
import { randomFor } from './corpus/random.ts';
import { recordFault, whole } from './table.ts';
import { wrongLines } from './wrong-lines.ts';

let media: MediaFolder;
/** Six seconds of the bundled clip; in the long matrix all of it, several times over. */
let clip: string;
let short: string;
let undisturbed: Buffer;

beforeAll(async () => {
  if (noFfmpeg !== null) return;
  media = await MediaFolder.open();
  const sample = ['-i', 'models/demo/sample.mp4', '-c', 'copy'];
  clip = await media.make('long.mp4', '-stream_loop', whole ? '3' : '0', ...sample, ...(whole ? [] : ['-t', '6']));
  short = await media.make('short.mp4', ...sample, '-t', '2');
}, 60_000);
afterAll(async () => {
  if (noFfmpeg === null) await media.close();
});

function backSteps(polled: readonly (readonly number[])[]): string[] {
  return polled.flatMap((job) =>
    job.flatMap((progress, at) => (progress < (job[at - 1] ?? 0) ? [`${job[at - 1] ?? 0} → ${progress}`] : [])),
  );
}

const seed = Date.now() % 100_000;
const times = whole ? 50 : 5;

test.skipIf(noFfmpeg !== null)(
  `a job that is killed ${times} times at random moments ends with the same artifact (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    const appliance = await Appliance.start();
    const first = await appliance.submit(clip);
    await appliance.ended(first);
    undisturbed = await readFile(appliance.artifact(first, jobFiles.frames));

    const random = randomFor(String(seed));
    const victims = ['worker', 'daemon', 'both'] as const;
    const recoveries = { worker: [0], daemon: [0], both: [0] };
    const tried = { worker: 0, daemon: 0, both: 0 };
    let id = await appliance.submit(clip);
    const ids = [id];
    const poll = appliance.poll(() => id);
    const strike = async (victim: (typeof victims)[number]) => {
      await appliance.kill(victim);
      tried[victim] += 1;
    };
    for (let kill = 0; kill < times; kill++) {
      const victim = victims[kill % victims.length] ?? 'both';
      await wait(random.next() * 1500);
      const job = await appliance.job(id);
      const before = job.status === 'completed' ? 0 : job.current_frame;
      if (job.status === 'completed') {
        id = await appliance.submit(clip);
        ids.push(id);
        // At its very beginning, too.
        await wait(random.next() * 300);
      }
      const struckAt = performance.now();
      await strike(victim);
      // And again while the next one only starts.
      if (kill % 4 === 3) {
        await wait(random.next() * 600);
        await strike(victim);
      }
      await appliance.until(id, (job) => job.status === 'completed' || job.current_frame > before);
      recoveries[victim].push(performance.now() - struckAt);
    }
    const ends = [];
    for (const one of ids) ends.push(await appliance.ended(one));
    const polled = poll.stop();
    const wrong = await Promise.all(
      ids.map(async (one) => wrongLines(await readFile(appliance.artifact(one, jobFiles.frames)), undisturbed)),
    );
    const framesWrong = wrong.reduce((sum, count) => sum + count, 0);
    const jobsLost = ends.filter(({ status }) => status !== 'completed').length;
    for (const victim of victims) {
      recordFault({
        fault: `kill -9 of the ${victim === 'both' ? 'worker and the daemon' : victim} at a random moment`,
        tried: tried[victim],
        jobsLost,
        framesWrong,
        recoveryMs: Math.max(...recoveries[victim]),
      });
    }
    expect(ends.map(({ status, error_message }) => ({ status, error_message }))).toEqual(
      ids.map(() => ({ status: 'completed', error_message: null })),
    );
    expect(framesWrong).toBe(0);
    expect(backSteps(polled), 'progress went back').toEqual([]);
    expect(polled.flat().length).toBeGreaterThan(times);
  },
);

test.skipIf(noFfmpeg !== null)(
  'a daemon that is killed in the middle of three queued jobs runs all of them to their end, in order',
  { timeout: 120_000 },
  async () => {
    const appliance = await Appliance.start();
    const ids = [await appliance.submit(clip), await appliance.submit(short), await appliance.submit(short)];
    const [first = ''] = ids;
    await appliance.until(first, (job) => job.current_frame > 100);
    const killedAt = performance.now();
    await appliance.kill('daemon');
    await appliance.until(first, (job) => job.status === 'running');
    const recoveryMs = performance.now() - killedAt;
    const ends = [];
    for (const id of ids) ends.push(await appliance.ended(id));
    const jobsLost = ends.filter(({ status }) => status !== 'completed').length;
    recordFault({
      fault: 'restart of the daemon among three queued jobs',
      tried: 1,
      jobsLost,
      framesWrong: 0,
      recoveryMs,
    });
    expect(ends.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    const times = ends.map(({ started_at, completed_at }) => [started_at ?? '', completed_at ?? ''] as const);
    expect((times[1]?.[0] ?? '') >= (times[0]?.[1] ?? 'never')).toBe(true);
    expect((times[2]?.[0] ?? '') >= (times[1]?.[1] ?? 'never')).toBe(true);
  },
);
