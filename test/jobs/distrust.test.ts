// Workers that say what cannot be in words that the contract knows: the daemon stays, and so do the rows.
import { expect, test } from 'vitest';
import { toJobItem } from '../../appliance/contract/api.ts';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { JobTerms } from '../../appliance/daemon/jobs/job-terms.ts';
import { everything } from '../support/everything.ts';
import { openDesk } from '../support/job-desk.ts';

test.each([
  ['tells of a stage that its job lacks', 'clipping'],
  ['tells of a share that its job lacks', 'annotating'],
] as const)('one that %s is ended as a liar, and the next job runs', async (behaviour, stage) => {
  const desk = await openDesk();
  const { id } = desk.submit({ behaviour, frames: 3 });
  const { status, error } = await desk.ended(id);
  expect([status, error?.code]).toEqual(['failed', 'worker-lied']);
  expect(error?.message).toContain(stage);
  expect(await desk.ended(desk.submit({ behaviour: 'finishes', frames: 3 }).id)).toMatchObject({ status: 'completed' });
});

test('times that cannot be are told and recorded as times that can', async () => {
  const desk = await openDesk();
  const before = Date.now();
  const { id } = desk.submit({ behaviour: 'tells times that cannot be', frames: 40 });
  await desk.ended(id);
  const told = desk.events.flatMap((event) => ('job' in event ? [event.job] : []));
  for (const job of told) {
    expect(() => toJobItem(job)).not.toThrow();
    expect(Number.isInteger(job.reportedAt) && job.reportedAt <= Date.now()).toBe(true);
    expect(job.updatedAt >= before && job.updatedAt <= Date.now()).toBe(true);
  }
  expect(desk.store.get(id)?.updatedAt).toBeLessThanOrEqual(Date.now());
});

test('what a worker says that it delivered is not believed', async () => {
  const desk = await openDesk();
  const { id } = desk.submit({ behaviour: 'says what it delivered', frames: 3 });
  expect(await desk.ended(id)).toMatchObject({ status: 'completed', products: { deliveries: [] } });
});

test('a cancel that came before a plugin was looked for is heard while it does not come', async () => {
  const { workers } = await openDesk({ begin: false });
  const never = new Promise<null>(() => undefined);
  const terms = new JobTerms(noJobOptions, {
    workers,
    detection: () => everything(),
    prepareFor: () => Promise.resolve(workers.prepare),
    plugins: { placeOf: () => never },
  });
  await expect(terms.placeOf('late', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});
