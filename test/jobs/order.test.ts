// The order of the queue: the same in memory, in the rows and in what was told, whatever is done to it.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { Ledger } from '../../appliance/daemon/jobs/ledger.ts';
import { Queue } from '../../appliance/daemon/jobs/queue.ts';
import { byRank } from '../../appliance/daemon/jobs/queue-ranks.ts';
import { EventStream } from '../../appliance/daemon/publish/stream.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { detecting } from '../support/work.ts';

const log = pino({ level: 'silent' });

/** A queue on a real database, and what everybody must see of it. */
class Line {
  readonly told = new Map<string, Job>();
  readonly running: string[] = [];
  readonly ended: string[] = [];
  /** Those that wait and never ran since they came, or were put where they are by hand. */
  readonly fresh = new Set<string>();
  /** In their order, kept as a list alone. */
  expected: string[] = [];
  events = 0;
  readonly database = openDatabase(':memory:', migrations);
  readonly store = new JobStore(this.database);
  readonly #stream = new EventStream({ log });
  ledger = new Ledger({ store: this.store, stream: this.#stream, log });
  queue = new Queue(this.ledger);

  constructor() {
    this.#stream.on('job-changed', ({ job }) => {
      expect(job.seq).toBeGreaterThanOrEqual(this.told.get(job.id)?.seq ?? 0);
      this.told.set(job.id, job);
      this.events += 1;
    });
  }

  create(): void {
    const source = { sourceName: 'a.mp4', sourceBytes: 1, sourceType: 'video/mp4', options: noJobOptions };
    const { id } = this.ledger.add({ id: randomUUID(), ...detecting, ...source });
    this.#joins(id);
  }

  move(from: number, to: number): void {
    const id = pick(this.expected, from);
    if (id === undefined) return;
    // One more than there are: behind all.
    const before = [...this.expected, null][to % (this.expected.length + 1)] ?? null;
    this.queue.move(id, before);
    if (before === id) return;
    const rest = this.expected.filter((other) => other !== id);
    const at = before === null ? rest.length : rest.indexOf(before);
    const next = [...rest.slice(0, at), id, ...rest.slice(at)];
    if (next.join() !== this.expected.join()) this.fresh.add(id);
    this.expected = next;
  }

  start(): void {
    const id = this.queue.take();
    expect(id).toBe(this.expected.shift());
    if (id === undefined) return;
    this.fresh.delete(id);
    this.ledger.move(id, 'running', { startedAt: Date.now() });
    this.running.push(id);
  }

  cancel(at: number): void {
    const id = pick(this.expected, at);
    if (id === undefined) return;
    this.queue.remove(id);
    this.fresh.delete(id);
    this.ledger.move(id, 'cancelled', {});
    this.expected = this.expected.filter((other) => other !== id);
    this.ended.push(id);
  }

  retry(): void {
    const id = this.ended.pop();
    if (id === undefined) return;
    this.ledger.revive(id, null);
    this.#joins(id);
  }

  waitAgain(at: number): void {
    const id = pick(this.running, at);
    if (id === undefined) return;
    this.running.splice(this.running.indexOf(id), 1);
    this.ledger.move(id, 'pending', {});
    this.queue.add(id);
    this.#came([id]);
  }

  restart(): void {
    this.ledger = new Ledger({ store: this.store, stream: this.#stream, log });
    this.queue = new Queue(this.ledger);
    for (const job of this.ledger.left()) {
      this.ledger.takeUp(job, null);
      this.queue.add(job.id);
    }
    this.#came(this.running.splice(0));
  }

  check(): void {
    const sorted = (jobs: Iterable<Job>) =>
      [...jobs]
        .filter(({ id }) => this.expected.includes(id))
        .sort(byRank)
        .map(({ id }) => id);
    expect(this.queue.ids, 'in memory').toEqual(this.expected);
    expect(sorted(this.store.unfinished()), 'in the rows').toEqual(this.expected);
    expect(sorted(this.told.values()), 'as told').toEqual(this.expected);
    const ranks = this.expected.map((id) => this.ledger.get(id)?.queueRank);
    expect(new Set(ranks).size, 'one rank, one job').toBe(ranks.length);
    for (const id of this.expected) expect(this.store.get(id)?.queueRank).toBe(this.ledger.get(id)?.queueRank);
  }

  close(): void {
    this.ledger.close();
    this.database.close();
  }

  #joins(id: string): void {
    this.queue.add(id);
    this.fresh.add(id);
    this.expected.push(id);
  }

  /** Those that ran stand in front of all that never did; among each other, and others that ran, by their ranks. */
  #came(ids: readonly string[]): void {
    const others = this.queue.ids.filter((id) => !ids.includes(id));
    expect(others).toEqual(this.expected);
    this.expected = [...this.queue.ids];
    const firstFresh = this.expected.findIndex((id) => this.fresh.has(id));
    for (const id of ids) if (firstFresh !== -1) expect(this.expected.indexOf(id)).toBeLessThan(firstFresh);
  }
}

function pick(list: readonly string[], at: number): string | undefined {
  return list.length === 0 ? undefined : list[at % list.length];
}

const place = fc.nat(20);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant((line: Line) => line.create()) },
  {
    weight: 5,
    arbitrary: fc.tuple(place, place).map(
      ([from, to]) =>
        (line: Line) =>
          line.move(from, to),
    ),
  },
  fc.constant((line: Line) => line.start()),
  place.map((at) => (line: Line) => line.cancel(at)),
  fc.constant((line: Line) => line.retry()),
  place.map((at) => (line: Line) => line.waitAgain(at)),
  fc.constant((line: Line) => line.restart()),
);

test(
  'any sequence of creates, moves, cancels, starts, retries and restarts leaves one order, the same everywhere',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const line = new Line();
        for (const act of steps) {
          act(line);
          line.check();
        }
        line.close();
      }),
      { numRuns: 60 },
    );
  },
);

test('a move writes and tells the one job that it moves, and all that wait get new ranks where no number is left', () => {
  const line = new Line();
  onTestFinished(() => line.close());
  for (let count = 0; count < 5; count++) line.create();
  const toldBy = Array.from({ length: 100 }, () => {
    const before = line.events;
    line.move(2, 1);
    line.check();
    return line.events - before;
  });
  expect(toldBy[0]).toBe(1);
  expect(Math.max(...toldBy)).toBeLessThanOrEqual(5);
  expect(toldBy.filter((told) => told > 1).length, 'seldom').toBeLessThan(15);
});

test('jobs of an older release, whose rows have no ranks, wait in the order of their making and can be moved', () => {
  const line = new Line();
  onTestFinished(() => line.close());
  for (let count = 0; count < 4; count++) line.create();
  line.database.tables.run('update jobs set queue_rank = null, created_at = 5, updated_at = 5');
  line.expected.sort();
  line.restart();
  line.move(2, 1);
  line.check();
});

test('a move to where it stands changes nothing', () => {
  const line = new Line();
  onTestFinished(() => line.close());
  for (let count = 0; count < 3; count++) line.create();
  const before = line.events;
  for (const [from, to] of [
    [1, 1],
    [1, 2],
    [2, 3],
  ] as const)
    line.move(from, to);
  expect(line.events).toBe(before);
});

test('what does not wait is not moved, nor is anything moved in front of it', () => {
  const line = new Line();
  onTestFinished(() => line.close());
  for (let count = 0; count < 2; count++) line.create();
  line.start();
  const [running = '', waiting = ''] = [...line.running, ...line.expected];
  expect(() => line.queue.move(running, null)).toThrow(expect.objectContaining({ code: 'job-not-pending' }));
  expect(() => line.queue.move(waiting, running)).toThrow(expect.objectContaining({ code: 'job-not-pending' }));
  expect(() => line.queue.move(waiting, randomUUID())).toThrow(expect.objectContaining({ code: 'job-not-found' }));
  expect(() => line.queue.move(randomUUID(), null)).toThrow(expect.objectContaining({ code: 'job-not-found' }));
});
