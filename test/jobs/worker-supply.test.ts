// What workers are made of is changed while they work, with real processes that follow a script.
import { expect, test } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { openDesk } from '../support/job-desk.ts';

/** A process is made, on a machine that may have other things to do. */
const patience = { timeout: 20_000 };

type Desk = Awaited<ReturnType<typeof openDesk>>;

function of({ workers }: Desk, name: string) {
  return { ...workers.prepare, model: { name, path: '/nowhere' } };
}

function atWork(id: string) {
  return (event: ApplianceEvent): event is Extract<ApplianceEvent, { job: Job }> =>
    event.kind === 'job-progressed' && event.job.id === id && event.job.currentFrame > 0;
}

test('a job that starts after a change runs on the new model, one that runs stays on its own', async () => {
  const desk = await openDesk({ limits: { running: 2 } });
  const before = desk.submit({ behaviour: 'waits to be cancelled', frames: 5 });
  await desk.until(atWork(before.id));
  const { model } = await desk.workers.change(of(desk, 'other'));
  expect(model.name).toBe('other');
  expect(desk.workers.card?.name).toBe('other');
  expect(desk.workers.stocked, 'the one that has loaded it waits for a job').toBe(true);
  const after = desk.submit({ behaviour: 'finishes', frames: 5 });
  expect((await desk.ended(after.id)).model?.name).toBe('other');
  expect(desk.jobs.get(before.id)).toMatchObject({ status: 'running', model: { name: 'scripted' } });
});

test('a change to what cannot be loaded is refused, and changes nothing', async () => {
  const desk = await openDesk();
  await desk.workers.open();
  await expect(desk.workers.change(of(desk, 'broken'))).rejects.toMatchObject({ code: 'model-invalid' });
  const unwanted = desk.workers.change(of(desk, 'other'), () => Promise.reject(new Fault('model-refused', 'No.')));
  await expect(unwanted).rejects.toMatchObject({ code: 'model-refused' });
  expect(desk.workers.fault).toBeNull();
  expect(desk.workers.prepare.model.name).toBe('scripted');
  const { id } = desk.submit({ behaviour: 'finishes', frames: 5 });
  expect((await desk.ended(id)).model?.name).toBe('scripted');
});

test('a change to a model that works mends an appliance whose model does not', async () => {
  const desk = await openDesk({ model: 'broken' });
  const { id } = desk.submit({ behaviour: 'finishes', frames: 5 });
  await expect.poll(() => desk.workers.fault, patience).not.toBeNull();
  await desk.workers.change(of(desk, 'other'));
  expect(desk.workers.fault).toBeNull();
  expect((await desk.ended(id)).model?.name).toBe('other');
});

test('changes take turns, and the last one holds', async () => {
  const desk = await openDesk();
  const order: string[] = [];
  const change = (name: string) =>
    desk.workers.change(of(desk, name), ({ name: loaded }) => {
      order.push(loaded);
      return Promise.resolve();
    });
  await Promise.all([change('one'), change('two'), change('three')]);
  expect(order).toEqual(['one', 'two', 'three']);
  expect(desk.workers.card?.name).toBe('three');
});

test('a probe leaves what is in use alone', async () => {
  const desk = await openDesk();
  await desk.workers.open();
  expect((await desk.workers.probe(of(desk, 'other'))).model.name).toBe('other');
  await expect(desk.workers.probe(of(desk, 'broken'))).rejects.toMatchObject({ code: 'model-invalid' });
  expect([desk.workers.card?.name, desk.workers.fault]).toEqual(['scripted', null]);
});
