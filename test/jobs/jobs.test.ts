// The life of a job, on a real database and real processes: queue, run, cancel, remove, fail, and take up again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';

const told = (events: readonly ApplianceEvent[], id: string): Job[] =>
  events.flatMap((event) => ('job' in event && event.job.id === id ? [event.job] : []));
const progressed =
  (id: string) =>
  (event: ApplianceEvent): event is Extract<ApplianceEvent, { job: Job }> =>
    event.kind === 'job-progressed' && event.job.id === id && event.job.currentFrame > 0;

describe('a job that goes well', () => {
  test('passes its states in order, and its progress never goes back and is 100 exactly when completed', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'finishes', frames: 300 });
    const done = await desk.ended(id);
    expect(done).toMatchObject({ status: 'completed', progress: 100, stage: 'completed', totalFrames: 300 });
    const seen = told(desk.events, id);
    expect([...new Set(seen.map((job) => job.status))]).toEqual(['pending', 'running', 'completed']);
    const bars = seen.map((job) => job.progress ?? -1);
    expect(bars).toEqual([...bars].sort((a, b) => a - b));
    expect(seen.filter((job) => job.progress === 100).map((job) => job.status)).toEqual(['completed']);
    expect(seen.map((job) => job.seq)).toEqual(seen.map((_, index) => index));
    expect(desk.store.get(id)).toMatchObject({ status: 'completed', progress: 100, summary: { total_frames: 300 } });
  });

  test('writes its progress at most 21 times for 9,000 frames', async () => {
    const desk = await openDesk();
    let writes = 0;
    const save = desk.store.saveProgress.bind(desk.store);
    desk.store.saveProgress = (job) => {
      writes += 1;
      save(job);
    };
    const { id } = desk.submit({ behaviour: 'finishes', frames: 9000 });
    await desk.ended(id);
    expect(told(desk.events, id).length).toBeGreaterThan(9000);
    expect(writes).toBeGreaterThan(15);
    expect(writes).toBeLessThanOrEqual(21);
  });

  test('is indeterminate, with its stage known, while its tool reports no frame', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'finishes without progress', frames: 5 });
    expect(await desk.ended(id)).toMatchObject({ status: 'completed', progress: 100, indeterminate: false });
    expect(told(desk.events, id)).toContainEqual(expect.objectContaining({ stage: 'analyzing', indeterminate: true }));
  });
});

describe('the queue', () => {
  test('runs jobs one after another in the order of their making', async () => {
    const desk = await openDesk();
    const ids = [1, 2, 3].map(() => desk.submit({ behaviour: 'finishes', frames: 20 }).id);
    const ended = await Promise.all(ids.map((id) => desk.ended(id)));
    const times = ended.map((job) => [job.startedAt ?? 0, job.completedAt ?? 0] as const);
    expect(times[1]?.[0]).toBeGreaterThanOrEqual(times[0]?.[1] ?? Infinity);
    expect(times[2]?.[0]).toBeGreaterThanOrEqual(times[1]?.[1] ?? Infinity);
  });

  test('runs as many at the same time as it is told to', async () => {
    const desk = await openDesk({ limits: { running: 2 } });
    const first = desk.submit({ behaviour: 'waits to be cancelled', frames: 2 });
    const second = desk.submit({ behaviour: 'waits to be cancelled', frames: 2 });
    await Promise.all([desk.until(progressed(first.id)), desk.until(progressed(second.id))]);
    expect(desk.jobs.counts).toEqual({ pending: 0, running: 2 });
  });

  test('refuses one more when it is full', async () => {
    const desk = await openDesk({ limits: { queue: 2 } });
    for (let i = 0; i < 3; i++) desk.submit({ behaviour: 'waits to be cancelled', frames: 1 });
    expect(() => desk.jobs.admit()).toThrow('The queue is full (2 waiting).');
  });
});

describe('cancel and remove', () => {
  test('cancels a running job, frees its worker, and the next job runs in a fresh one', async () => {
    const desk = await openDesk();
    const first = desk.submit({ behaviour: 'waits to be cancelled', frames: 50 });
    const next = desk.submit({ behaviour: 'finishes', frames: 5 });
    await desk.until(progressed(first.id));
    expect(await desk.jobs.remove(first.id)).toBe('cancelled');
    expect(desk.jobs.get(first.id)).toMatchObject({ status: 'cancelled', progress: expect.any(Number) as number });
    expect(await desk.ended(next.id)).toMatchObject({ status: 'completed' });
  });

  test('cancels a waiting job without touching the running one', async () => {
    const desk = await openDesk();
    const running = desk.submit({ behaviour: 'waits to be cancelled', frames: 1 });
    const waiting = desk.submit({ behaviour: 'finishes', frames: 1 });
    await desk.until(progressed(running.id));
    expect(await desk.jobs.remove(waiting.id)).toBe('cancelled');
    expect(desk.jobs.get(running.id)?.status).toBe('running');
  });

  test('cancels at once while a model is still loading', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'finishes', frames: 1 });
    expect(await desk.jobs.remove(id)).toBe('cancelled');
    expect(desk.jobs.get(id)).toMatchObject({ status: 'cancelled', startedAt: null });
    // The next one is ready, and the one that was sent away is no fault of the supply.
    await desk.ended(desk.submit({ behaviour: 'finishes', frames: 1 }).id);
    expect(desk.faults).toEqual([]);
  });

  test('takes a finished job away with its row and its files, and says so', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'finishes', frames: 3 });
    await desk.ended(id);
    expect(await desk.jobs.remove(id)).toBe('deleted');
    expect(desk.jobs.get(id)).toBeUndefined();
    expect(existsSync(join(desk.folder, 'jobs', id))).toBe(false);
    expect(desk.events.at(-1)).toEqual({ kind: 'job-removed', jobId: id });
    await expect(desk.jobs.remove(id)).rejects.toMatchObject({ code: 'job-not-found' });
  });
});

describe('a worker that fails', () => {
  test.each([
    ['dies', 'decoder-crashed', /^decoder crashed at frame 10 \(0\.40 s\)$/],
    ['hangs', 'decoder-crashed', /^decoder hung at frame 10 \(0\.40 s\)$/],
    ['idles with a beating heart', 'decoder-crashed', /^decoder hung at frame 10 \(0\.40 s\)$/],
    ['says done without a result', 'worker-lied', /not on the disk/],
    ['says done with half a result', 'worker-lied', /bytes/],
    ['talks nonsense', 'worker-lied', /makes no sense/],
  ] as const)(
    'one that %s fails its job as %s, and the next job runs in a fresh one',
    async (behaviour, code, reason) => {
      const desk = await openDesk({ limits: { hangMs: 800 } });
      const bad = desk.submit({ behaviour, frames: 10 });
      const good = desk.submit({ behaviour: 'finishes', frames: 10 });
      const failed = await desk.ended(bad.id);
      expect(failed.status).toBe('failed');
      expect(failed.error?.code).toBe(code);
      expect(failed.error?.message).toMatch(reason);
      expect(failed.progress).toBeLessThan(100);
      expect(await desk.ended(good.id)).toMatchObject({ status: 'completed' });
    },
  );

  test('a model that cannot be loaded keeps the jobs waiting, and is what the supply complains of', async () => {
    const desk = await openDesk({ model: 'broken' });
    const [first, second] = [1, 2].map(() => desk.submit({ behaviour: 'finishes', frames: 1 }));
    await expect.poll(() => desk.workers.fault).toMatchObject({ code: 'model-invalid' });
    await expect.poll(() => desk.jobs.counts).toEqual({ pending: 2, running: 0 });
    expect(desk.jobs.get(first?.id ?? '')?.status).toBe('pending');
    expect(desk.jobs.get(second?.id ?? '')?.status).toBe('pending');
  });
});

describe('a database that takes no writes', () => {
  const full = () => {
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };

  test('holds a job at its end, is complained of, and the job ends when it takes them again', async () => {
    const desk = await openDesk();
    const save = desk.store.save.bind(desk.store);
    const saveProgress = desk.store.saveProgress.bind(desk.store);
    const { id } = desk.submit({ behaviour: 'finishes', frames: 200 });
    await desk.until(progressed(id));
    desk.store.save = full;
    desk.store.saveProgress = full;
    await desk.until((event): event is Extract<ApplianceEvent, { job: Job }> => {
      return 'job' in event && event.job.held?.startsWith('Its end cannot be recorded.') === true;
    });
    expect(desk.jobs.complaint).toMatch(/make room on the disk/);
    expect(desk.jobs.get(id), 'nobody hears of an end that is not recorded').toMatchObject({ status: 'running' });
    desk.store.save = save;
    desk.store.saveProgress = saveProgress;
    expect(await desk.ended(id)).toMatchObject({ status: 'completed', progress: 100, held: null });
    expect(desk.store.get(id)).toMatchObject({ status: 'completed', progress: 100 });
    expect(desk.jobs.complaint).toBeNull();
  });

  test('takes no new job, and says why', async () => {
    const desk = await openDesk();
    desk.store.insert = full;
    expect(() => desk.submit({ behaviour: 'finishes', frames: 1 })).toThrow(/make room on the disk/);
  });
});

describe('what an earlier daemon left', () => {
  test('is taken up again: the running job first, then the waiting ones, all to their end', async () => {
    const folder = tempData();
    const before = await openDesk({ folder });
    const running = before.submit({ behaviour: 'waits to be cancelled', frames: 30 });
    const waiting = before.submit({ behaviour: 'finishes', frames: 10 });
    await before.until(progressed(running.id));
    const told = before.jobs.get(running.id);
    await before.close();

    const after = await openDesk({ folder, begin: false });
    const again = after.jobs.get(running.id);
    expect(again).toMatchObject({ status: 'pending', stage: 'queued' });
    expect(again?.seq, 'newer than whatever was told before').toBeGreaterThan(told?.seq ?? Infinity);
    after.jobs.begin();
    await after.until(progressed(running.id));
    expect(after.jobs.get(waiting.id)?.status).toBe('pending');
    await after.jobs.remove(running.id);
    expect(await after.ended(waiting.id)).toMatchObject({ status: 'completed' });
  });

  test('ends with the appliance: no worker outlives it', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'waits to be cancelled', frames: 5 });
    await desk.until(progressed(id));
    const { worker } = await desk.workers.take(new AbortController().signal);
    await desk.close();
    expect(() => process.kill(worker.pid ?? 0, 0)).toThrow('ESRCH');
  });
});
