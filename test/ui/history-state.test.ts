// What the history knows: its filters, its pages, what push does to them, and removals that can be undone.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HistoryItem } from '../../appliance/contract/history-api.ts';
import { askedBy, filtersOf, fits, queryOf } from '../../ui/src/screens/history/filters.ts';
import { History } from '../../ui/src/screens/history/history.svelte.ts';
import { Removals } from '../../ui/src/screens/history/removals.svelte.ts';
import { pickedOf, Selection } from '../../ui/src/screens/history/selection.svelte.ts';
import type { BulkEntry, HistoryQuery } from '../../ui/src/wire/appliance.ts';
import { at, jobId, runningJob } from './job-item.ts';
import { PastJobs, pastJob } from './past-jobs.ts';

/** What the screen asks of the appliance, without a network between them. */
function shelf(jobs: PastJobs) {
  return {
    history: ({ status = [], ...query }: HistoryQuery) => {
      const asked = new URLSearchParams(status.map((one): [string, string] => ['status', one]));
      for (const [name, value] of Object.entries(query)) asked.set(name, String(value));
      return Promise.resolve(jobs.page(asked));
    },
  };
}

function namesOf(history: History): string[] {
  return history.rows.map(({ source_name }) => source_name);
}

describe('the filters of the history', () => {
  test('are the same after a way through the address', () => {
    const query = { q: 'gate 2026', status: 'completed,failed', model: 'yolov8n', class: 'sports ball', days: '7' };
    expect(queryOf(filtersOf(new URLSearchParams(query)))).toEqual(query);
    const span = { from: '2026-05-01', to: '2026-05-12' };
    expect(queryOf(filtersOf(new URLSearchParams(span)))).toEqual(span);
    expect(queryOf(filtersOf(new URLSearchParams('status=eaten&from=yesterday&to=2026-99-99&days=8')))).toEqual({});
  });

  test('ask for whole days of this place, today among them', () => {
    const now = new Date(2026, 4, 12, 15, 30);
    const asked = (query: string) => askedBy(filtersOf(new URLSearchParams(query)), now);
    expect(asked('days=today')).toEqual({ from: new Date(2026, 4, 12).toISOString() });
    expect(asked('days=7')).toEqual({ from: new Date(2026, 4, 6).toISOString() });
    expect(asked('from=2026-05-01&to=2026-05-01')).toEqual({
      from: new Date(2026, 4, 1).toISOString(),
      to: new Date(2026, 4, 1, 23, 59, 59, 999).toISOString(),
    });
    expect(asked('q=%20a%20%20b')).toEqual({ q: 'a  b' });
  });

  test('fit a job when every word stands in its name, however it is written', () => {
    const job = pastJob(1, { source_name: 'Straße NORD (final).mp4' });
    expect(fits(job, { q: 'nord STRASSE' })).toBe(true);
    expect(fits(job, { q: 'nord south' })).toBe(false);
    expect(fits(job, { class: 'boat', status: ['completed'], model: 'yolov8n' })).toBe(true);
    expect(fits(job, { class: 'person' })).toBe(false);
    expect(fits(job, { from: at(61) })).toBe(false);
    expect(fits(job, { from: at(60), to: at(60) })).toBe(true);
  });
});

describe('the history', () => {
  test('comes page by page, each job once, though others come and go meanwhile', async () => {
    const jobs = new PastJobs(250);
    const history = new History(shelf(jobs));
    await history.search({});
    expect([history.rows.length, history.count, history.complete]).toEqual([100, 250, false]);
    const added = pastJob(251);
    jobs.items.unshift(added);
    history.hear([added]);
    expect([...history.fresh]).toEqual([added.job_id]);
    const gone = jobs.items.splice(20, 1)[0]?.job_id ?? '';
    history.forget(new Set([gone]));
    await history.more();
    await history.more();
    await history.more();
    expect(history.complete).toBe(true);
    expect(new Set(namesOf(history)).size).toBe(249);
    expect(history.rows.length).toBe(249);
    await history.refresh();
    expect([history.rows.length, history.rows[0], history.fresh.size]).toEqual([250, added, 0]);
  });

  test('changes a row in its place, also where it does not fit any more, and counts on rightly', async () => {
    const jobs = new PastJobs(150);
    const running: HistoryItem = { ...runningJob(999), disk_bytes: 5, created_at: at(200 * 60) };
    jobs.items.unshift(running);
    const history = new History(shelf(jobs));
    await history.search({ status: ['running', 'failed'] });
    expect(history.rows[0]?.progress).toBe(42);
    history.hear([{ ...running, seq: 40, progress: 1 }]);
    expect(history.rows[0]?.progress).toBe(42);
    const done = { ...running, seq: 51, status: 'completed', progress: 100 } as const;
    history.hear([done]);
    expect(history.rows[0]).toEqual(done);
    expect(history.fresh.size).toBe(0);
    history.forget(new Set([done.job_id]));
    // It was no longer among those that the appliance counts.
    expect(history.count).toBe(1 + Math.floor(150 / 9));
  });

  test('announces only what fits, and what it has not answered with', async () => {
    const jobs = new PastJobs(5);
    const history = new History(shelf(jobs));
    history.hear(jobs.items);
    await history.search({ class: 'boat' });
    expect(namesOf(history)).toEqual(['harbour-cam-0001.mp4']);
    history.hear(jobs.items);
    expect(history.fresh.size).toBe(0);
    history.hear([pastJob(6), pastJob(7), ...jobs.items]);
    expect([...history.fresh]).toEqual([jobId(6)]);
    history.forget(new Set([jobId(6)]));
    expect(history.fresh.size).toBe(0);
  });
});

describe('a selection', () => {
  test('takes all that fit, those too that are not loaded, but none that runs', async () => {
    const jobs = new PastJobs(230);
    jobs.items.unshift({ ...runningJob(999), disk_bytes: 5 });
    const selection = new Selection(shelf(jobs));
    await selection.all({});
    expect(selection.picked.size).toBe(230);
    await selection.all({ q: 'gate' });
    expect(selection.picked.size).toBe(46);
    const first = pastJob(230);
    selection.toggle(first);
    expect(selection.picked.has(first.job_id)).toBe(false);
  });
});

describe('a removal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const batch = (count: number) => Array.from({ length: count }, (_, index) => pickedOf(pastJob(index + 1)));

  function house(status: (id: string) => BulkEntry['status'] = () => 'deleted') {
    const sent: number[] = [];
    const removed: string[] = [];
    const removals = new Removals({
      appliance: {
        removeAll: (ids) => {
          sent.push(ids.length);
          return Promise.resolve(ids.map((job_id) => ({ job_id, status: status(job_id), detail: 'Busy.' })));
        },
      },
      onRemoved: (ids) => removed.push(...ids),
    });
    return { removals, sent, removed };
  }

  test('sends nothing before six seconds are over, and nothing at all once undone', async () => {
    const { removals, sent } = house();
    removals.begin(batch(3));
    expect(removals.hidden.size).toBe(3);
    await vi.advanceTimersByTimeAsync(5900);
    removals.undo();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([sent, removals.hidden.size, removals.state.kind]).toEqual([[], 0, 'idle']);
  });

  test('goes in hundreds, tells what stayed by name, and lets it come back', async () => {
    const { removals, sent, removed } = house((id) => (id === jobId(7) ? 'failed' : 'deleted'));
    removals.begin(batch(1));
    removals.begin(batch(250).slice(1));
    await vi.advanceTimersByTimeAsync(6000);
    expect(sent).toEqual([100, 100, 50]);
    expect(removed.length).toBe(249);
    expect(removals.state).toMatchObject({
      kind: 'told',
      removed: 249,
      kept: 0,
      failed: [{ name: 'loading-dock-0007.mp4', detail: 'Busy.' }],
    });
    expect(removals.hidden.size).toBe(0);
  });

  test('stops after the hundred that is on its way', async () => {
    const { removals, sent } = house();
    removals.begin(batch(250));
    vi.advanceTimersByTime(6000);
    removals.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([100]);
    expect(removals.state).toMatchObject({ kind: 'told', removed: 100, kept: 150 });
  });

  test('sends nothing that is unsent when the screen is left', async () => {
    const { removals, sent } = house();
    removals.begin(batch(5));
    removals.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent).toEqual([]);
  });
});
