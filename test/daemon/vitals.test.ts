// The charts of the last hour: bounded, told as they are taken, and right about frames and delays.
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { Vitals } from '../../appliance/contract/system-api.ts';
import { Machine } from '../../appliance/daemon/machine.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { VitalsWatch } from '../../appliance/daemon/vitals.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';

function open(everyS: number, machine = new Machine()) {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const stream = new EventStream({ log });
  const told: Vitals[] = [];
  stream.on('vitals-taken', ({ vitals }) => told.push(vitals));
  const watch = new VitalsWatch({ machine, stream, diskFree: () => 1e9, clients: () => 3, log, everyS });
  onTestFinished(() => watch.close());
  watch.open();
  return { watch, stream, told, lines };
}

const patience = { timeout: 10_000, interval: 5 };

test('every sample is told and kept, the newest 360 of them', async () => {
  const { watch, told } = open(0.001);
  await expect.poll(() => told.length, patience).toBeGreaterThan(365);
  const { every_s, samples } = watch.history;
  expect(every_s).toBe(0.001);
  expect(samples).toHaveLength(360);
  expect(samples.at(-1)).toEqual(watch.latest);
  expect(told).toContainEqual(samples[0]);
  expect(samples.every((sample) => Vitals.safeParse(sample).success)).toBe(true);
  expect(samples[0]).toMatchObject({ disk_free_bytes: 1e9, clients: 3, fps: 0 });
  await watch.close();
  const { length } = told;
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toHaveLength(length);
});

test('frames of all running jobs are counted, not of those that are held, over or silent', async () => {
  const { watch, stream, told } = open(0.01);
  const running = { status: 'running', reportedAt: Date.now() + 60_000 } as const;
  stream.emit({ kind: 'job-changed', job: makeJob({ id: 'a', ...running, fps: null }) });
  stream.emit({ kind: 'job-progressed', job: makeJob({ id: 'a', ...running, fps: 20 }) });
  stream.emit({ kind: 'job-progressed', job: makeJob({ id: 'b', ...running, fps: 12.5 }) });
  stream.emit({ kind: 'job-progressed', job: makeJob({ id: 'c', ...running, fps: 99, held: 'disk' }) });
  stream.emit({ kind: 'job-progressed', job: makeJob({ id: 'd', ...running, fps: 99, reportedAt: 1 }) });
  await expect.poll(() => watch.latest?.fps, patience).toBe(32.5);
  stream.emit({ kind: 'job-changed', job: makeJob({ id: 'a', status: 'completed', fps: 20 }) });
  const { length } = told;
  await expect.poll(() => told.length, patience).toBeGreaterThan(length + 1);
  expect(watch.latest?.fps).toBe(12.5);
});

test('a block of the event loop is seen in a sample that it falls into, and forgotten in those after', async () => {
  const { told } = open(0.2);
  await expect.poll(() => told.length, patience).toBeGreaterThan(0);
  const before = told.length;
  const delays = () => told.slice(before).map((vitals) => vitals.loop_delay_ms);
  // Again, where a sample was taken in the very turn in which the block ended: Node had not noted it yet.
  const block = () => {
    const until = performance.now() + 150;
    while (performance.now() < until);
    return Math.max(...delays(), 0);
  };
  await expect.poll(block, { ...patience, interval: 70 }).toBeGreaterThan(100);
  await expect.poll(() => delays().at(-1), patience).toBeLessThan(100);
});

test('a machine that cannot be read leaves a gap and one line, and the daemon goes on', async () => {
  const { watch, lines } = open(0.001, new Machine(tempData()));
  await expect.poll(() => lines.length, patience).toBe(1);
  await expect.poll(() => watch.latest, { timeout: 50 }).toBeUndefined();
  expect(lines[0]).toContain('machine cannot be measured');
  expect(watch.history.samples).toEqual([]);
});
