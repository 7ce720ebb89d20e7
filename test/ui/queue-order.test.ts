// The order of the queue while moves are on their way, and the rows that give way to one that is dragged.
import { describe, expect, test } from 'vitest';
import type { JobItem } from '../../appliance/contract/api.ts';
import { QueueDrag } from '../../ui/src/screens/board/queue-drag.svelte.ts';
import { QueueOrder } from '../../ui/src/screens/board/queue-order.svelte.ts';
import { Jobs } from '../../ui/src/state/jobs.svelte.ts';
import { jobId, jobItem } from './job-item.ts';

/** An appliance that answers a move when the test says so. */
class Appliance {
  readonly jobs = new Jobs();
  readonly asked: string[] = [];
  readonly placed: number[] = [];
  #answer: (() => void)[] = [];

  readonly order = new QueueOrder({
    pending: () => this.jobs.pending,
    move: (job, before) => this.#move(job, before),
    onPlaced: (_job, position) => this.placed.push(position),
  });

  constructor(count: number) {
    this.jobs.replace(Array.from({ length: count }, (_, at) => jobItem(at + 1)));
  }

  get shown(): string {
    return this.order.shown.map(({ queue_rank, job_id }) => String(Number(job_id.slice(-3)) || queue_rank)).join('');
  }

  answer(): void {
    this.#answer.shift()?.();
  }

  async #move(job: JobItem, before: JobItem | null): Promise<void> {
    this.asked.push(`${job.source_name} < ${before?.source_name ?? 'end'}`);
    await new Promise<void>((resolve) => this.#answer.push(resolve));
    this.jobs.put({ ...job, queue_rank: (before?.queue_rank ?? 99) - 0.5, seq: job.seq + 1 });
  }
}

describe('the order of the queue', () => {
  test('is shown at once as it was wished, and stays so when the appliance agrees', async () => {
    const appliance = new Appliance(3);
    const moved = appliance.order.place(jobId(3), 0);
    expect(appliance.shown).toBe('312');
    expect(appliance.placed).toEqual([1]);
    await Promise.resolve();
    expect(appliance.asked).toEqual(['video-3.mp4 < video-1.mp4']);
    appliance.answer();
    await moved;
    expect(appliance.shown).toBe('312');
  });

  test('carries one move out after another', async () => {
    const appliance = new Appliance(3);
    const [first, second] = [appliance.order.place(jobId(3), 0), appliance.order.place(jobId(1), 2)];
    expect(appliance.shown).toBe('321');
    await Promise.resolve();
    expect(appliance.asked).toHaveLength(1);
    appliance.answer();
    await first;
    await Promise.resolve();
    appliance.answer();
    await second;
    expect(appliance.asked).toEqual(['video-3.mp4 < video-1.mp4', 'video-1.mp4 < end']);
    expect(appliance.shown).toBe('321');
  });

  test('keeps the wish where the job that it named has begun meanwhile', async () => {
    const appliance = new Appliance(4);
    const first = appliance.order.place(jobId(4), 0);
    const second = appliance.order.place(jobId(3), 1); // behind 4, before 1
    await Promise.resolve();
    appliance.jobs.put(jobItem(1, { status: 'running', seq: 9 }));
    expect(appliance.shown).toBe('432');
    appliance.answer();
    await first;
    await Promise.resolve();
    appliance.answer();
    await second;
    expect(appliance.asked.at(-1)).toBe('video-3.mp4 < video-2.mp4');
  });

  test('asks nothing for a place that a job has already, or for a job that is gone', async () => {
    const appliance = new Appliance(2);
    await appliance.order.place(jobId(1), -3);
    await appliance.order.place(jobId(2), 9);
    await appliance.order.place(jobId(7), 0);
    expect(appliance.asked).toEqual([]);
    expect(appliance.placed).toEqual([]);
  });
});

describe('a row that is dragged', () => {
  const rows = [
    { id: 'a', top: 0, height: 50 },
    { id: 'b', top: 50, height: 80 },
    { id: 'c', top: 130, height: 50 },
  ];

  test('is not lifted by a tap that trembles', () => {
    const drag = new QueueDrag();
    drag.hold('a', rows, 20);
    drag.moveTo(24);
    expect(drag.lifted).toBeNull();
    expect(drag.drop()).toBeNull();
  });

  test('has the rows that it passes the middle of give way by its height', () => {
    const drag = new QueueDrag();
    drag.hold('a', rows, 20);
    drag.moveTo(80); // its middle at 85, that of b at 90
    expect(rows.map(({ id }) => drag.shift(id))).toEqual([60, 0, 0]);
    drag.moveTo(90);
    expect(rows.map(({ id }) => drag.shift(id))).toEqual([70, -50, 0]);
    drag.moveTo(500);
    expect(rows.map(({ id }) => drag.shift(id))).toEqual([480, -50, -50]);
    expect(drag.drop()).toEqual({ id: 'a', index: 2 });
    expect(drag.lifted).toBeNull();
  });

  test('goes up too, and drops nowhere when it is given up', () => {
    const drag = new QueueDrag();
    drag.hold('c', rows, 150);
    drag.moveTo(60);
    expect(rows.map(({ id }) => drag.shift(id))).toEqual([0, 50, -90]);
    drag.cancel();
    drag.moveTo(10);
    expect(drag.drop()).toBeNull();
  });
});
