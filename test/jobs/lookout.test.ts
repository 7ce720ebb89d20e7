// Who is told to make pictures, and what becomes of them.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ToWorker } from '../../appliance/contract/ipc.ts';
import type { Preview } from '../../appliance/daemon/jobs/job-run.ts';
import { Lookout } from '../../appliance/daemon/jobs/lookout.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { LogBook } from '../publish/log-book.ts';

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1]);
const id = randomUUID();

function preview(picture: Buffer = jpeg): Preview {
  const sight = { frame_index: 7, pts_s: 0.28, width: 64, height: 32, objects: [], classes: {} };
  return { type: 'preview', sight, picture: picture.toString('base64') };
}

function open() {
  const book = new LogBook();
  const stream = new EventStream({ log: book.log });
  const told: string[] = [];
  stream.on('job-previewed', ({ jobId, picture }) => told.push(`${jobId} ${Buffer.from(picture).toString('hex')}`));
  const worker = () => {
    const orders: ToWorker[] = [];
    return { orders, send: (message: ToWorker) => void orders.push(message) };
  };
  return { book, told, worker, lookout: new Lookout({ stream, log: book.log }) };
}

const orders = (...on: boolean[]) => on.map((one) => ({ type: 'look', on: one }));

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('a worker that nobody looks at hears nothing of it, and what it shows unasked goes nowhere', () => {
  const { told, worker, lookout } = open();
  const one = worker();
  const view = lookout.open(id);
  view.attach(one);
  view.take(preview());
  view.detach();
  lookout.close(id);
  expect([one.orders, told, lookout.glance(id)]).toEqual([[], [], null]);
});

test('those that run, and those that begin, are told while somebody looks', () => {
  const { told, worker, lookout } = open();
  const [first, second, later] = [worker(), worker(), worker()];
  const view = lookout.open(id);
  view.attach(first);
  lookout.look(true);
  view.take(preview());
  // Another worker goes on with the same job.
  view.detach();
  view.attach(second);
  lookout.open(randomUUID()).attach(later);
  view.take(preview());
  lookout.look(false);
  view.take(preview());
  expect(told).toEqual([`${id} ffd8ffe001`, `${id} ffd8ffe001`]);
  expect([first.orders, second.orders, later.orders]).toEqual([orders(true), orders(true, false), orders(true, false)]);
});

test('a glance is good for five seconds, from the last one on', () => {
  const { worker, lookout } = open();
  const one = worker();
  const view = lookout.open(id);
  view.attach(one);
  expect(lookout.glance(id)).toBeNull();
  view.take(preview());
  vi.advanceTimersByTime(4000);
  expect(lookout.glance(id)).toEqual(jpeg);
  vi.advanceTimersByTime(4999);
  expect(one.orders).toEqual(orders(true));
  lookout.look(true);
  vi.advanceTimersByTime(5000);
  expect(one.orders).toEqual(orders(true));
  lookout.look(false);
  expect(one.orders).toEqual(orders(true, false));
  expect(lookout.glance(id)).toEqual(jpeg);
  lookout.close(id);
  expect([lookout.glance(id), vi.getTimerCount()]).toEqual([null, 0]);
});

test('what is no JPEG is not shown, and said to whoever reads the log', () => {
  const { book, told, worker, lookout } = open();
  lookout.look(true);
  const view = lookout.open(id);
  view.attach(worker());
  view.take(preview(Buffer.from('<html>')));
  expect([told, lookout.glance(id)]).toEqual([[], null]);
  expect(book.count('preview is no JPEG; it is not shown')).toBe(1);
  lookout.close(id);
});
