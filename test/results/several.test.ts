// What is made of the artifact of a job with several tools: the same exports, with the tool beside what it found.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { follows, objectsIn, shownIn } from '../../appliance/contract/found.ts';
import { type MultiFrame, ResultFrame, Summary } from '../../appliance/contract/frame.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Timelines } from '../../appliance/daemon/results/timeline.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { frame, model, source, summaryOf, trackedFrame } from './frames.ts';

const [detect, track] = ['video_player_detection', 'video_player_tracking'] as const;

function both(index: number): MultiFrame {
  const { frame_index, pts_s, detections } = frame(index);
  // The tracker has the person alone.
  const tracked_objects = trackedFrame(index).detections.tracked_objects.slice(0, 1);
  return { frame_index, pts_s, [detect]: { detections }, [track]: { detections: { tracked_objects } } };
}

const frames = [both(0), both(1)];
const lines = frames.map((line) => `${JSON.stringify(line)}\n`).join('');

function artifact(content = lines) {
  const jobsDir = tempData();
  const tools: [string, ...string[]] = [detect, track];
  const summary = { ...summaryOf(2), tracks: { person: 1 } };
  const done = { status: 'completed', jobType: 'video_multi', toolsCompleted: 2 } as const;
  const job = makeJob({ ...done, tools, summary, source, model, createdAt: 0 });
  mkdirSync(join(jobsDir, job.id));
  writeFileSync(join(jobsDir, job.id, 'frames.ndjson'), content);
  return { job, results: new Results({ jobsDir }), timelines: new Timelines({ jobsDir }) };
}

async function textOf(pieces: AsyncIterable<Uint8Array | string>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all).toString();
}

test('a line of several tools holds what each of them found', () => {
  expect(ResultFrame.parse(both(3))).toEqual(both(3));
  expect(objectsIn(both(3)).map(({ tool, trackId, className }) => [tool, trackId, className])).toEqual([
    [detect, null, 'person'],
    [detect, null, 'ball'],
    [track, 1, 'person'],
  ]);
});

test('one output of it is to be drawn: of who follows things, else of who found something', () => {
  expect(shownIn(both(0))?.[0]).toBe(track);
  const nothing = { detections: { xyxy: [], confidence: [], class_id: [], class_name: [] } };
  const line = { frame_index: 0, pts_s: 0, a: nothing, b: { detections: frame(0).detections } };
  expect(shownIn(line)).toEqual(['b', line.b]);
  expect(shownIn({ ...line, b: nothing })).toEqual(['a', nothing]);
  expect(shownIn(frame(0))).toEqual([null, frame(0)]);
  expect(follows(trackedFrame(0))).toBe(true);
});

test('a summary has the counts of each tool', () => {
  const each = { total_detections: 2, classes: { person: 2 } };
  const summary = { ...summaryOf(2), tools: { [detect]: each, [track]: { ...each, tracks: { person: 1 } } } };
  expect(Summary.parse(summary)).toEqual(summary);
});

test('CSV has the tool behind the other columns', async () => {
  const { job, results } = artifact();
  expect(await textOf(results.export(job, 'csv').chunks)).toBe(
    [
      'frame_index,pts_s,class_id,class_name,confidence,x1,y1,x2,y2,track_id,tool',
      `0,0,0,person,0.9,0,10.1,20,50.3,,${detect}`,
      `0,0,32,ball,0.55,100,100,108.5,108.5,,${detect}`,
      `0,0,0,person,0.9,0,10.1,20,50.3,1,${track}`,
      `1,0.04,0,person,0.9,1,10.1,21,50.3,,${detect}`,
      `1,0.04,32,ball,0.55,100,100,108.5,108.5,,${detect}`,
      `1,0.04,0,person,0.9,1,10.1,21,50.3,1,${track}`,
      '',
    ].join('\r\n'),
  );
  const empty = artifact('');
  expect(await textOf(empty.results.export(empty.job, 'csv').chunks)).toMatch(/,y2,track_id,tool\r\n$/);
});

test('COCO has it among the attributes of each annotation', async () => {
  const { job, results } = artifact();
  const coco = JSON.parse(await textOf(results.export(job, 'coco').chunks)) as { annotations: unknown[] };
  expect(coco.annotations.slice(0, 3)).toMatchObject([
    { id: 1, attributes: { tool: detect } },
    { id: 2, attributes: { tool: detect } },
    { id: 3, attributes: { tool: track, track_id: 1 } },
  ]);
});

test('JSON, NDJSON, pages and the older answers name all tools and pass the lines on as they were written', async () => {
  const { job, results } = artifact();
  const parsed = async (pieces: AsyncIterable<Uint8Array | string>) => JSON.parse(await textOf(pieces)) as unknown;
  const named = { plugin_id: 'yolo-tracker', tool: detect, tools: [detect, track] };
  expect(await textOf(results.export(job, 'ndjson').chunks)).toBe(lines);
  expect(await parsed(results.export(job, 'json').chunks)).toMatchObject({ ...named, frames });
  expect(await parsed(results.page(job.id, { offset: 1, limit: 5 }))).toMatchObject({ total: 2, frames: [frames[1]] });
  const older = { ...named, results: { frames, summary: job.summary } };
  expect(await parsed(results.videoResults(job))).toMatchObject({ results: older, tool: null });
  expect(JSON.parse(await results.inline(job, 1e6, 0))).toEqual(older);
});

test('a timeline counts the tool that follows things, or the one that is asked for', async () => {
  const { job, timelines } = artifact();
  const counted = async (tool?: string) => {
    const { classes, tracks } = await timelines.of(job, { bins: 1, tool });
    return [classes.map((one) => [one.class, ...one.detections]), tracks.length];
  };
  expect(await counted()).toEqual([[['person', 2]], 1]);
  expect(await counted(track)).toEqual(await counted());
  const all = [
    ['person', 2],
    ['ball', 2],
  ];
  expect(await counted(detect)).toEqual([all, 0]);
  await expect(timelines.of(job, { bins: 1, tool: 'other' })).rejects.toMatchObject({
    code: 'tool-not-found',
    message: `Tool 'other' is not one of this job's: ${detect}, ${track}`,
  });
});
