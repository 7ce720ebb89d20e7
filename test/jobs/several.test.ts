// Jobs with several tools: what is told of how many have ended, and what the worker must have counted.
import { expect, test } from 'vitest';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import { openDesk } from '../support/job-desk.ts';

const tools: [string, ...string[]] = ['video_player_detection', 'video_player_tracking'];
const work = { tools, jobType: 'video_multi' as const };

test('its tools have ended when the analysis has', async () => {
  const desk = await openDesk();
  const { id } = desk.submit({ behaviour: 'finishes', frames: 20 }, noJobOptions, work);
  expect(await desk.ended(id)).toMatchObject({ status: 'completed', toolsCompleted: 2, tools });
  const told = desk.events.flatMap((event) => ('job' in event ? [event.job] : []));
  const stages = new Map(told.map(({ stage, toolsCompleted }) => [stage, toolsCompleted]));
  expect(Object.fromEntries(stages)).toEqual({ queued: 0, probing: 0, analyzing: 0, packaging: 2, completed: 2 });
  expect(desk.store.get(id)).toMatchObject({ toolsCompleted: 2, tools, summary: { tools: {} } });
});

test('a worker that has not counted for each of them is not believed', async () => {
  const desk = await openDesk();
  const { id } = desk.submit({ behaviour: 'forgets its tools', frames: 5 }, noJobOptions, work);
  const message = 'The summary counts what no tool found: not all the tools.';
  expect(await desk.ended(id)).toMatchObject({ status: 'failed', error: { code: 'worker-lied', message } });
});
