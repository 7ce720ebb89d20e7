// The one line that says how a job ended.
import { expect, it } from 'vitest';
import { outcomeLine } from '../../appliance/cli/outcome.ts';
import { toJobItem } from '../../appliance/contract/api.ts';
import { makeJob } from '../support/job.ts';

const startedAt = Date.UTC(2026, 0, 1);
const summary = { total_frames: 350, total_detections: 1892, classes: { bottle: 612 }, fps: 25, duration_s: 14 };

it('sums up a completed job: frames, detections by class, time, speed and place', () => {
  const job = toJobItem(makeJob({ status: 'completed', summary, completedAt: startedAt + 7400 }));
  const classes = [
    ['can', 1280],
    ['bottle', 612],
  ] as const;
  expect(outcomeLine({ job, classes, startedAt, place: 'data/jobs/x' })).toBe(
    'completed: 350 frames, 1,892 detections (can 1,280, bottle 612) in 7.4 s, 47 fps → data/jobs/x',
  );
});

it('shortens a long list of classes, and needs none', () => {
  const job = toJobItem(makeJob({ status: 'completed', summary, completedAt: startedAt + 100_000 }));
  const classes = 'abcdefgh'.split('').map((name) => [name, 1] as const);
  expect(outcomeLine({ job, classes, startedAt, place: 'x' })).toContain('(a 1, b 1, c 1, d 1, e 1, f 1, and 2 more)');
  expect(outcomeLine({ job, classes: [], startedAt, place: 'x' })).toContain('detections in 100.0 s, 3.5 fps');
});

it('gives the reason of a failed or cancelled job', () => {
  const error = { code: 'source-undecodable', message: 'The file holds no video that can be decoded.' };
  const line = (job: Parameters<typeof makeJob>[0]) =>
    outcomeLine({ job: toJobItem(makeJob(job)), classes: [], startedAt, place: 'x' });
  expect(line({ status: 'failed', error })).toBe('failed: The file holds no video that can be decoded.');
  expect(line({ status: 'cancelled' })).toBe('cancelled: Cancelled');
});
