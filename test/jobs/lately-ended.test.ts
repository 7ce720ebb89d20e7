// Which jobs ended last, and in which order those that are alive stand, on a real database.
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../appliance/daemon/folders.ts';
import { LatelyEnded } from '../../appliance/daemon/jobs/lately-ended.ts';
import { Ledger } from '../../appliance/daemon/jobs/ledger.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';

const log = pino({ level: 'silent' });

function open() {
  const database = openDatabase(join(tempData(), 'vedette.db'), migrations);
  const store = new JobStore(database);
  const stream = new EventStream({ log });
  const ledger = new Ledger({ store, stream, log });
  const ended = new LatelyEnded({ store, stream });
  onTestFinished(() => {
    ended.close();
    ledger.close();
    database.close();
  });
  return { store, ledger, ended };
}

test('after a restart it is the last end that counts, not the last making', () => {
  const { store, ended } = open();
  const add = (id: string, completedAt: number) =>
    store.insert(makeJob({ id, status: 'completed', createdAt: 1, updatedAt: completedAt, completedAt }));
  add('long', 9000);
  for (let at = 0; at < 25; at++) add(`quick ${at}`, 1000 + at);
  store.insert(makeJob({ id: 'running', status: 'running' }));
  const ids = ended.jobs.map(({ id }) => id);
  expect([ids.length, ids.slice(0, 3), ids.at(-1)]).toEqual([20, ['long', 'quick 24', 'quick 23'], 'quick 6']);
});

test('those alive stand newest first, whatever the order of the queue that they were taken up in', () => {
  const { store, ledger } = open();
  const waiting = (id: string, createdAt: number, queueRank: number) =>
    store.insert(makeJob({ id, status: 'pending', createdAt, updatedAt: createdAt, queueRank }));
  waiting('first', 1, 30);
  waiting('second', 2, 10);
  waiting('third', 3, 20);
  for (const job of ledger.left()) ledger.takeUp(job, null);
  expect(ledger.alive().map(({ id }) => id)).toEqual(['third', 'second', 'first']);
});
