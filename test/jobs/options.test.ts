// What a submit asks of its job beside the tool, with real processes that follow a script.
import { describe, expect, test } from 'vitest';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { ApplianceEvent } from '../../appliance/contract/events.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { openDesk } from '../support/job-desk.ts';
import { tempData } from '../support/temp-data.ts';

const finishes = { behaviour: 'finishes', frames: 3 } as const;

function atWork(id: string) {
  return (event: ApplianceEvent): event is Extract<ApplianceEvent, { job: Job }> =>
    event.kind === 'job-progressed' && event.job.id === id && event.job.currentFrame > 0;
}

describe('a job on a model that is not in use', () => {
  test('runs on it, and the spare stays for the next one', async () => {
    const desk = await openDesk();
    await desk.workers.open();
    const { id } = desk.submit(finishes, { ...noJobOptions, model: 'other' });
    expect((await desk.ended(id)).model?.name).toBe('other');
    expect([desk.workers.stocked, desk.workers.card?.name]).toEqual([true, 'scripted']);
    expect((await desk.ended(desk.submit(finishes).id)).model?.name).toBe('scripted');
  });

  test('takes the spare where it is the one in use', async () => {
    const desk = await openDesk();
    await desk.workers.open();
    const { id } = desk.submit(
      { ...finishes, behaviour: 'waits to be cancelled' },
      { ...noJobOptions, model: 'scripted' },
    );
    await desk.until(atWork(id));
    expect(desk.jobs.get(id)?.model?.name).toBe('scripted');
    expect(desk.workers.stocked, 'none is made beside the only job').toBe(false);
  });

  test.each([
    {
      model: 'broken',
      code: 'model-invalid',
      message: 'The model "broken" cannot be loaded: The model cannot be read.',
    },
    { model: 'gone', code: 'model-not-found', message: 'The model "gone" is not there any more.' },
  ])('fails alone where that is $model, and others run on', async ({ model, ...error }) => {
    const desk = await openDesk();
    const { id } = desk.submit(finishes, { ...noJobOptions, model });
    expect(await desk.ended(id)).toMatchObject({ status: 'failed', error });
    expect([desk.workers.fault, desk.faults]).toEqual([null, []]);
    expect(await desk.ended(desk.submit(finishes).id)).toMatchObject({ status: 'completed' });
  });

  test('is cancelled at once while its model is loading', async () => {
    const desk = await openDesk();
    const { id } = desk.submit(finishes, { ...noJobOptions, model: 'other' });
    expect(await desk.jobs.remove(id)).toBe('cancelled');
    expect(desk.faults).toEqual([]);
  });

  test('is still that after a restart and a retry', async () => {
    const folder = tempData();
    const options = { ...noJobOptions, model: 'other', confidence: 0.75, classes: ['thing'] };
    const first = await openDesk({ folder });
    const { id } = first.submit({ behaviour: 'waits to be cancelled', frames: 3 }, options);
    await first.until(atWork(id));
    await first.close();
    const desk = await openDesk({ folder });
    await desk.until(atWork(id));
    expect(desk.jobs.get(id)).toMatchObject({ options, model: { name: 'other', settings: { confidence: 0.75 } } });
    await desk.jobs.remove(id);
    expect(await desk.jobs.retry(id)).toMatchObject({ status: 'pending', options });
  });
});

describe('what a job asks of its model', () => {
  test('stands above what is set of the model, and in its results', async () => {
    const desk = await openDesk();
    const { id } = desk.submit(finishes, { ...noJobOptions, confidence: 0.8, classes: ['thing', 'one that it lost'] });
    const settings = { confidence: 0.8, classes: ['thing'], iou: 0.7, aliases: {} };
    expect((await desk.ended(id)).model?.settings).toEqual(settings);
    expect((await desk.ended(desk.submit(finishes).id)).model?.settings).toMatchObject({
      confidence: 0.25,
      classes: null,
    });
  });

  test('makes the job fail where the model has none of it', async () => {
    const desk = await openDesk();
    const { id } = desk.submit(finishes, { ...noJobOptions, classes: ['ball', 'bat'] });
    expect(await desk.ended(id)).toMatchObject({
      status: 'failed',
      error: { code: 'model-refused', message: expect.stringContaining('"ball", "bat"') as string },
    });
  });
});

test('a job that was moved to the front is the next to run, and stays in front after a restart', async () => {
  const folder = tempData();
  const first = await openDesk({ folder });
  const running = first.submit({ behaviour: 'waits to be cancelled', frames: 3 });
  const [one, two, three] = [first.submit(finishes), first.submit(finishes), first.submit(finishes)];
  await first.until(atWork(running.id));
  first.jobs.move(three.id, one.id);
  expect(() => first.jobs.move(one.id, running.id)).toThrow(expect.objectContaining({ code: 'job-not-pending' }));
  await first.close();
  const desk = await openDesk({ folder });
  await desk.until(atWork(running.id));
  await desk.jobs.remove(running.id);
  const ended = await Promise.all([three, one, two].map(({ id }) => desk.ended(id)));
  const starts = ended.map((job) => job.startedAt ?? 0);
  expect(starts).toEqual([...starts].sort((a, b) => a - b));
  expect(new Set(starts).size).toBe(3);
});
