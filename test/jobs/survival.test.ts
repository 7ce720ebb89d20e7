// What a job survives, on a real database and real processes: workers that die, a hold, a retry, a submit that comes twice.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobFiles } from '../../appliance/contract/frame.ts';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';
import { detecting } from '../support/work.ts';

type JobEvent = Extract<ApplianceEvent, { job: Job }>;
const progressed =
  (id: string) =>
  (event: ApplianceEvent): event is JobEvent =>
    event.kind === 'job-progressed' && event.job.id === id && event.job.currentFrame > 0;
const told = (events: readonly ApplianceEvent[], id: string): Job[] =>
  events.flatMap((event) => ('job' in event && event.job.id === id ? [event.job] : []));

describe('a worker that dies', () => {
  test('is followed by another one, and the job stays running all the while', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'dies once', frames: 40 });
    expect(await desk.ended(id)).toMatchObject({ status: 'completed', progress: 100 });
    const seen = told(desk.events, id);
    expect([...new Set(seen.map(({ status }) => status))]).toEqual(['pending', 'running', 'completed']);
    const bars = seen.map(({ progress }) => progress ?? -1);
    expect(bars, 'progress never goes back').toEqual([...bars].sort((a, b) => a - b));
  });

  test('at another place each time is no poison: the job goes on as often as it takes', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'dies a little later each time', frames: 250 });
    expect(await desk.ended(id)).toMatchObject({ status: 'completed' });
  });
});

describe('a worker that takes more memory than it may', () => {
  test('is ended, its job fails with the numbers, and the next job runs', async () => {
    const desk = await openDesk({ memoryBytes: 400 * 2 ** 20, limits: { hangMs: 20_000 } });
    const greedy = desk.submit({ behaviour: 'takes all the memory', frames: 5 });
    const modest = desk.submit({ behaviour: 'finishes', frames: 5 });
    const { status, error } = await desk.ended(greedy.id);
    expect(status).toBe('failed');
    expect(error?.code).toBe('worker-over-memory');
    expect(error?.message).toMatch(
      /^The job needed \d+ MB of memory, more than the 400 MB that worker\.memory_mb allows/,
    );
    expect(await desk.ended(modest.id)).toMatchObject({ status: 'completed' });
  });
});

describe('cancel', () => {
  test('of a worker that is blocked takes effect within half a second and a signal', async () => {
    const desk = await openDesk({ limits: { hangMs: 20_000 } });
    const { id } = desk.submit({ behaviour: 'hangs', frames: 5 });
    await desk.until(progressed(id));
    await new Promise((resolve) => setTimeout(resolve, 100)); // it blocks 50 ms after its last word
    const asked = performance.now();
    expect(await desk.jobs.remove(id)).toBe('cancelled');
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(desk.jobs.get(id)?.status).toBe('cancelled');
  });
});

describe('retry', () => {
  test('runs a cancelled and a failed job again as the same id, as far as they had come', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'waits to be cancelled', frames: 50 });
    await desk.until(progressed(id));
    await desk.jobs.remove(id);
    const before = desk.jobs.get(id)?.progress ?? 0;
    expect(await desk.jobs.retry(id)).toMatchObject({ id, status: 'pending', error: null, completedAt: null });
    expect(desk.jobs.get(id)?.progress).toBeGreaterThanOrEqual(before);
    await expect.poll(() => desk.jobs.get(id)?.status, { timeout: 15_000 }).toBe('running');
    await desk.jobs.remove(id);

    const poison = desk.submit({ behaviour: 'says done without a result', frames: 5 });
    expect(await desk.ended(poison.id)).toMatchObject({ status: 'failed' });
    expect(await desk.jobs.retry(poison.id)).toMatchObject({ status: 'pending', error: null });
    await expect.poll(() => desk.jobs.get(poison.id)?.status, { timeout: 15_000 }).toBe('failed');
    expect(desk.store.get(poison.id)).toMatchObject({ status: 'failed', error: { code: 'worker-lied' } });
  });

  test('refuses a job that has not failed, one without its video, and one that nobody knows', async () => {
    const desk = await openDesk();
    const { id } = desk.submit({ behaviour: 'finishes', frames: 5 });
    await desk.ended(id);
    await expect(desk.jobs.retry(id)).rejects.toMatchObject({
      code: 'job-not-retryable',
      message: 'Only a failed or cancelled job can run again; this one is completed.',
    });
    const failed = desk.submit({ behaviour: 'talks nonsense', frames: 5 });
    await desk.ended(failed.id);
    await rm(join(desk.folder, 'jobs', failed.id, jobFiles.input));
    await expect(desk.jobs.retry(failed.id)).rejects.toMatchObject({ code: 'job-not-retryable' });
    await expect(desk.jobs.retry('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({
      code: 'job-not-found',
    });
  });
});

describe('a hold', () => {
  test('pauses what runs, starts nothing, is no hang, and ends', async () => {
    const desk = await openDesk({ limits: { hangMs: 700 } });
    const running = desk.submit({ behaviour: 'waits to be cancelled', frames: 5 });
    await desk.until(progressed(running.id));
    const waiting = desk.submit({ behaviour: 'finishes', frames: 5 });
    desk.jobs.setHeld('The disk is nearly full.');
    expect(desk.jobs.get(running.id)).toMatchObject({ status: 'running', held: 'The disk is nearly full.' });
    await new Promise((resolve) => setTimeout(resolve, 1500)); // twice the patience
    expect(desk.jobs.get(running.id)?.status).toBe('running');
    await desk.jobs.remove(running.id);
    expect(desk.jobs.get(waiting.id)?.status).toBe('pending');
    desk.jobs.setHeld(null);
    expect(await desk.ended(waiting.id)).toMatchObject({ status: 'completed', held: null });
  });
});

describe('a submit that comes twice', () => {
  const source = { sourceName: 'clip.mp4', sourceBytes: 1, sourceType: 'video/mp4' };
  const what = { ...detecting, ...source, options: noJobOptions };
  const ids = ['0c8a3df0-0000-4000-8000-000000000001', '0c8a3df0-0000-4000-8000-000000000002'] as const;

  test('makes one job for one key and content, also after a restart, and refuses other content', async () => {
    const folder = tempData();
    const desk = await openDesk({ folder, begin: false });
    const first = desk.jobs.create({ id: ids[0], ...what }, { key: 'order-7', sha256: 'aa' });
    expect(desk.jobs.create({ id: ids[1], ...what }, { key: 'order-7', sha256: 'aa' })).toEqual(first);
    expect(() => desk.jobs.create({ id: ids[1], ...what }, { key: 'order-7', sha256: 'bb' })).toThrow(
      expect.objectContaining({ code: 'idempotency-conflict' }),
    );
    expect(desk.jobs.counts.pending).toBe(1);
    await desk.close();
    const later = await openDesk({ folder, begin: false });
    expect(later.jobs.create({ id: ids[1], ...what }, { key: 'order-7', sha256: 'aa' }).id).toBe(first.id);
  });

  test('needs no place in a full queue', async () => {
    const desk = await openDesk({ begin: false, limits: { queue: 1 } });
    desk.jobs.create({ id: ids[0], ...what }, { key: 'order-8', sha256: 'aa' });
    expect(() => desk.jobs.admit()).toThrow(/queue is full/);
    expect(() => desk.jobs.admit('order-8')).not.toThrow();
  });
});
