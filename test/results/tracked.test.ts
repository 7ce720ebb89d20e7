// What is made of a tracking job's artifact: the same exports, with the ids of the tracks.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { objectsIn } from '../../appliance/contract/found.ts';
import { ResultFrame } from '../../appliance/contract/frame.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { frame, model, source, summaryOf, trackedFrame } from './frames.ts';

const lines = [trackedFrame(0), trackedFrame(1)].map((line) => `${JSON.stringify(line)}\n`).join('');

function artifact() {
  const jobsDir = tempData();
  const summary = { ...summaryOf(2), tracks: { person: 1, ball: 1 } };
  const job = makeJob({ status: 'completed', tools: ['video_player_tracking'], summary, source, model, createdAt: 0 });
  mkdirSync(join(jobsDir, job.id));
  writeFileSync(join(jobsDir, job.id, 'frames.ndjson'), lines);
  return { job, results: new Results({ jobsDir }) };
}

async function textOf(pieces: AsyncIterable<Uint8Array | string>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all).toString();
}

test('a line of either kind is read as what it is, and holds the same things', () => {
  expect(ResultFrame.parse(frame(3))).toEqual(frame(3));
  expect(ResultFrame.parse(trackedFrame(3))).toEqual(trackedFrame(3));
  const [person] = objectsIn(frame(3));
  expect(person).toEqual({
    ...{ tool: null, trackId: null },
    classId: 0,
    className: 'person',
    confidence: 0.9,
    box: [3, 10.1, 23, 50.3],
  });
  expect(objectsIn(trackedFrame(3))[0]).toEqual({ ...person, trackId: 1 });
});

test('CSV has the id of the track behind the other columns', async () => {
  const { job, results } = artifact();
  expect(await textOf(results.export(job, 'csv').chunks)).toBe(
    [
      'frame_index,pts_s,class_id,class_name,confidence,x1,y1,x2,y2,track_id',
      '0,0,0,person,0.9,0,10.1,20,50.3,1',
      '0,0,32,ball,0.12,100,100,108.5,108.5,4',
      '1,0.04,0,person,0.9,1,10.1,21,50.3,1',
      '1,0.04,32,ball,0.12,100,100,108.5,108.5,4',
      '',
    ].join('\r\n'),
  );
});

test('COCO has it among the attributes of each annotation', async () => {
  const { job, results } = artifact();
  const coco = JSON.parse(await textOf(results.export(job, 'coco').chunks)) as { annotations: unknown[] };
  expect(coco).toMatchObject({
    images: [{ id: 0 }, { id: 1 }],
    categories: [
      { id: 0, name: 'person' },
      { id: 32, name: 'ball' },
    ],
  });
  expect(coco.annotations).toHaveLength(4);
  expect(coco.annotations[1]).toEqual({
    ...{ id: 2, image_id: 0, category_id: 32, bbox: [100, 100, 8.5, 8.5], area: 72.25, iscrowd: 0, score: 0.12 },
    attributes: { track_id: 4 },
  });
});

test('JSON, NDJSON, pages and the older answer pass the lines on as they were written', async () => {
  const { job, results } = artifact();
  const frames = [trackedFrame(0), trackedFrame(1)];
  const parsed = async (pieces: AsyncIterable<Uint8Array | string>) => JSON.parse(await textOf(pieces)) as unknown;
  expect(await textOf(results.export(job, 'ndjson').chunks)).toBe(lines);
  expect(await parsed(results.export(job, 'json').chunks)).toMatchObject({
    frames,
    summary: { tracks: { person: 1 } },
  });
  expect(await parsed(results.page(job.id, { offset: 1, limit: 5 }))).toMatchObject({
    total: 2,
    frames: frames.slice(1),
  });
  expect(await parsed(results.videoResults(job))).toMatchObject({ results: { results: { frames } } });
  expect(JSON.parse(await results.inline(job, 1e6, 0))).toMatchObject({ results: { frames } });
});
