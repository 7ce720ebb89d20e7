// A job at a glance, held against its artifact.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectsIn } from '../../appliance/contract/found.ts';
import { jobFiles, type ResultFrame } from '../../appliance/contract/frame.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { Timeline } from '../../appliance/contract/timeline.ts';
import { Timelines } from '../../appliance/daemon/results/timeline.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { frame, source, trackedFrame } from './frames.ts';

function openTimelines() {
  const jobsDir = tempData();
  const put = (frames: readonly ResultFrame[], overrides: Partial<Job> = {}): Job => {
    const job = makeJob({ status: 'completed', ...overrides });
    mkdirSync(join(jobsDir, job.id));
    writeFileSync(pathOf(job), frames.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return job;
  };
  const pathOf = ({ id }: Job) => join(jobsDir, id, jobFiles.frames);
  return { timelines: new Timelines({ jobsDir }), put, pathOf };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const many = (count: number, make: (index: number) => ResultFrame = frame) =>
  Array.from({ length: count }, (_, index) => make(index));

const ids = { person: 0, ball: 1, car: 2 } as const;
type Name = keyof typeof ids;
const anyName = fc.constantFrom<Name>('person', 'ball', 'car');
const anyFrames = fc.array(fc.array(anyName, { maxLength: 6 }), { maxLength: 60 });

function frameOf(names: readonly Name[], index: number): ResultFrame {
  return {
    frame_index: index,
    pts_s: index / 25,
    detections: {
      xyxy: names.map(() => [1, 2, 3, 4]),
      confidence: names.map(() => 0.5),
      class_id: names.map((name) => ids[name]),
      class_name: [...names],
    },
  };
}

test('whatever was found, its sums are those of the artifact, and its peaks those of single frames', async () => {
  const { timelines, put } = openTimelines();
  await fc.assert(
    fc.asyncProperty(anyFrames, fc.integer({ min: 1, max: 40 }), async (names, bins) => {
      const frames = names.map(frameOf);
      const timeline = Timeline.parse(await timelines.of(put(frames), { bins }));
      expect(timeline.frames).toHaveLength(bins);
      expect(sum(timeline.frames)).toBe(frames.length);
      const counts = new Map<string, number>();
      const peaks = new Map<string, number>();
      for (const one of frames) {
        const inFrame = new Map<string, number>();
        for (const { className } of objectsIn(one)) inFrame.set(className, (inFrame.get(className) ?? 0) + 1);
        for (const [name, count] of inFrame) {
          counts.set(name, (counts.get(name) ?? 0) + count);
          peaks.set(name, Math.max(peaks.get(name) ?? 0, count));
        }
      }
      expect(new Map(timeline.classes.map((one) => [one.class, sum(one.detections)]))).toEqual(counts);
      expect(new Map(timeline.classes.map((one) => [one.class, Math.max(...one.peak)]))).toEqual(peaks);
      const totals = timeline.classes.map((one) => sum(one.detections));
      expect(totals).toEqual([...totals].sort((a, b) => b - a));
    }),
    { numRuns: 40 },
  );
});

test('spans the whole source, or what was found of it where that is longer', async () => {
  const { timelines, put } = openTimelines();
  const frames = many(100);
  const whole = await timelines.of(put(frames, { source: { ...source, duration_s: 8 } }), { bins: 4 });
  expect(whole).toMatchObject({ from_s: 0, to_s: 8, frames: [50, 50, 0, 0] });
  const longer = await timelines.of(put(frames, { source: { ...source, duration_s: 0 } }), { bins: 3 });
  expect(longer).toMatchObject({ to_s: 3.96, frames: [33, 33, 34] });
  const still = await timelines.of(put([frame(0)], { source: { ...source, duration_s: 0 } }), { bins: 2 });
  expect(still).toMatchObject({ to_s: 0, frames: [1, 0] });
});

test('counts what lies in the part that is asked for', async () => {
  const { timelines, put } = openTimelines();
  const part = await timelines.of(put(many(100, trackedFrame)), { from: 1, to: 2, bins: 4 });
  expect(part).toMatchObject({ from_s: 1, to_s: 2, frames: [7, 6, 6, 7] });
  expect(part.classes.map((one) => [one.class, one.detections])).toEqual([
    ['person', [7, 6, 6, 7]],
    ['ball', [7, 6, 6, 7]],
  ]);
  const seen = { first_s: 1, last_s: 2, first_frame: 25, frames: 26 };
  expect(part.tracks).toEqual([
    { track_id: 1, class: 'person', class_id: 0, best: 0.9, ...seen },
    { track_id: 4, class: 'ball', class_id: 32, best: 0.12, ...seen },
  ]);
});

test('tells at most 2,000 tracks, and how many more there are', async () => {
  const { timelines, put } = openTimelines();
  const frames = Array.from({ length: 210 }, (_, index) => {
    const [object] = objectsOf(trackedFrame(index));
    const tracked_objects = Array.from({ length: 10 }, (_, at) => ({ ...object, track_id: index * 10 + at + 1 }));
    return { ...trackedFrame(index), detections: { tracked_objects } } as ResultFrame;
  });
  const { tracks, tracks_left_out } = await timelines.of(put(frames), { bins: 1 });
  expect([tracks.length, tracks[0]?.track_id, tracks.at(-1)?.track_id, tracks_left_out]).toEqual([2000, 1, 2000, 100]);
});

test('of a job that runs it tells what is there, and more when there is more', async () => {
  const { timelines, put, pathOf } = openTimelines();
  const job = put(many(3), { status: 'running' });
  appendFileSync(pathOf(job), '{"frame_ind');
  expect((await timelines.of(job, { bins: 1 })).frames).toEqual([3]);
  appendFileSync(pathOf(job), `ex":3,"pts_s":0.12,"detections":${JSON.stringify(frame(3).detections)}}\n`);
  expect((await timelines.of(job, { bins: 1 })).frames).toEqual([4]);
  rmSync(pathOf(job));
  expect(await timelines.of(job, { bins: 2 })).toMatchObject({ frames: [0, 0], classes: [], tracks: [] });
});

test('a finished job is counted once, and again when it has run again', async () => {
  const { timelines, put, pathOf } = openTimelines();
  const job = put(many(3));
  const first = await timelines.of(job, { bins: 2 });
  writeFileSync(pathOf(job), '');
  expect(await timelines.of(job, { bins: 2 })).toEqual(first);
  expect((await timelines.of(job, { bins: 2, from: 0, to: 1 })).frames).toEqual([0, 0]);
  expect((await timelines.of({ ...job, seq: job.seq + 1 }, { bins: 2 })).frames).toEqual([0, 0]);
});

test('makes one at a time, lets eight wait, and refuses more; who went away makes way', async () => {
  const { timelines, put } = openTimelines();
  const jobs = Array.from({ length: 11 }, () => put(many(200)));
  const gone = new AbortController();
  const asked = jobs.map((job, at) => timelines.of(job, { bins: 1, ...(at === 4 ? { signal: gone.signal } : {}) }));
  gone.abort(new Error('gone'));
  const answers = await Promise.allSettled(asked);
  const told = answers.map((answer) => (answer.status === 'rejected' ? String(answer.reason) : 'told'));
  expect(told.filter((answer) => answer === 'told')).toHaveLength(8);
  expect(told[4]).toContain('gone');
  expect(answers.slice(9).every(({ status }) => status === 'rejected')).toBe(true);
  expect((await timelines.of(put(many(2)), { bins: 1 })).frames).toEqual([2]);
});

function objectsOf(tracked: ReturnType<typeof trackedFrame>) {
  return tracked.detections.tracked_objects;
}
