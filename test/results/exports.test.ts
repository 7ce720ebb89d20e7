// Exports of a small handmade artifact, compared with what they should be, and a large one that leaves the event loop free.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Job } from '../../appliance/contract/job.ts';
import { exportFormats, Results } from '../../appliance/daemon/results/results.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';
import { frame, frameLine, model, source, summaryOf } from './frames.ts';

function artifact(content: string, overrides: Partial<Job> = {}) {
  const jobsDir = tempData();
  const job = makeJob({ status: 'completed', summary: summaryOf(2), source, model, createdAt: 0, ...overrides });
  mkdirSync(join(jobsDir, job.id));
  writeFileSync(join(jobsDir, job.id, 'frames.ndjson'), content);
  return { job, results: new Results({ jobsDir }) };
}

async function textOf(pieces: AsyncIterable<Uint8Array | string>): Promise<string> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all).toString();
}

test('CSV has a row for each detection, and names that cannot break it', async () => {
  const odd = { ...frame(1), detections: { ...frame(1).detections, class_name: ['=cmd|"x"', 'a, b'] } };
  const { job, results } = artifact(frameLine(0) + `${JSON.stringify(odd)}\n`);
  expect(await textOf(results.export(job, 'csv').chunks)).toBe(
    [
      'frame_index,pts_s,class_id,class_name,confidence,x1,y1,x2,y2',
      '0,0,0,person,0.9,0,10.1,20,50.3',
      '0,0,32,ball,0.55,100,100,108.5,108.5',
      `1,0.04,0,"'=cmd|""x""",0.9,1,10.1,21,50.3`,
      '1,0.04,32,"a, b",0.55,100,100,108.5,108.5',
      '',
    ].join('\r\n'),
  );
});

test('COCO has images, annotations with scores, and the categories that were seen', async () => {
  const empty = { frame_index: 1, pts_s: 0.04, detections: { xyxy: [], confidence: [], class_id: [], class_name: [] } };
  const { job, results } = artifact(`${frameLine(0)}${JSON.stringify(empty)}\n`);
  expect(JSON.parse(await textOf(results.export(job, 'coco').chunks))).toEqual({
    info: { description: 'match.mp4', date_created: '1970-01-01T00:00:00.000Z' },
    licenses: [],
    images: [
      { id: 0, file_name: 'frame_000000.jpg', frame_index: 0, pts_s: 0, width: 1280, height: 720 },
      { id: 1, file_name: 'frame_000001.jpg', frame_index: 1, pts_s: 0.04, width: 1280, height: 720 },
    ],
    annotations: [
      { id: 1, image_id: 0, category_id: 0, bbox: [0, 10.1, 20, 40.2], area: 804, iscrowd: 0, score: 0.9 },
      { id: 2, image_id: 0, category_id: 32, bbox: [100, 100, 8.5, 8.5], area: 72.25, iscrowd: 0, score: 0.55 },
    ],
    categories: [
      { id: 0, name: 'person', supercategory: '' },
      { id: 32, name: 'ball', supercategory: '' },
    ],
  });
});

test('JSON passes the frames on as they were written', async () => {
  const line = '{"frame_index":0,"pts_s":0.10,"detections":{"xyxy":[],"confidence":[],"class_id":[],"class_name":[]}}';
  const { job, results } = artifact(`${line}\n`);
  expect(await textOf(results.export(job, 'json').chunks)).toContain(`"frames":[${line}],"summary":`);
});

test('a line that is not a frame ends an export that reads it', async () => {
  const { job, results } = artifact(`${frameLine(0)}{"frame_index":-1}\n`);
  await expect(textOf(results.export(job, 'csv').chunks)).rejects.toThrow();
});

test('every export of an artifact without a frame is well formed', async () => {
  const { job, results } = artifact('', { summary: summaryOf(0), source: null });
  for (const format of exportFormats) {
    const text = await textOf(results.export(job, format).chunks);
    if (format === 'json') expect(JSON.parse(text)).toMatchObject({ frames: [], source: null });
    if (format === 'coco') expect(JSON.parse(text)).toMatchObject({ images: [], annotations: [], categories: [] });
  }
});

test('a download is named after the video, in letters that are safe in a header', () => {
  const names = {
    'match.mp4': 'match',
    'a "b"\r\nc/日本.tar.gz': 'a_b_c_tar',
    noextension: 'noextension',
    '.mp4': 'mp4',
  };
  for (const [sourceName, stem] of Object.entries(names)) {
    const { job, results } = artifact('', { sourceName });
    expect(results.export(job, 'csv').name).toMatch(new RegExp(`^_?${stem}-${job.id.slice(0, 8)}\\.csv$`));
  }
});

test('an export of 40,000 frames lets the event loop turn between its pieces', async () => {
  const { job, results } = artifact(Array.from({ length: 40_000 }, (_, at) => frameLine(at)).join(''));
  for (const format of exportFormats) {
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    let largest = 0;
    let bytes = 0;
    for await (const piece of results.export(job, format).chunks) {
      largest = Math.max(largest, piece.length);
      bytes += piece.length;
    }
    clearImmediate(next);
    expect(largest, format).toBeLessThan(300_000);
    expect(turns, format).toBeGreaterThan(bytes / 300_000);
  }
});
