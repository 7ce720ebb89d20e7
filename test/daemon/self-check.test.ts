// What feeds the watchdog: a daemon that is unwell is not fed, and one that is well again is.
import { expect, onTestFinished, test } from 'vitest';
import { SelfCheck } from '../../appliance/daemon/health.ts';
import { openDesk } from '../support/job-desk.ts';

/** The delay is the time between two ticks of a timer of 5 ms; this lets some pass. */
const ticks = () => new Promise((resolve) => setTimeout(resolve, 50));

test('a block of the event loop is held against the daemon once, and not when it is over', async () => {
  const { database, workers } = await openDesk();
  const check = new SelfCheck({ database, workers, longestDelayMs: 1000 });
  onTestFinished(() => check.close());
  check.run();
  await ticks();
  const until = performance.now() + 1500;
  while (performance.now() < until);
  await ticks();
  expect(() => check.run()).toThrow(/^the event loop is \d+ ms late$/);
  expect(() => check.run()).not.toThrow();
});

test('a daemon whose database does not answer is unwell', async () => {
  const { workers, database, close } = await openDesk();
  const check = new SelfCheck({ database, workers });
  onTestFinished(() => check.close());
  await close();
  expect(() => check.run()).toThrow('not open');
});
