// Pictures: what is accepted, what is refused and in which words, and one job the whole way.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { noFfmpeg } from '../support/worker-media.ts';
import { form, formType, tinyMp4, videoForm } from './form.ts';
import { openHouse, read } from './house.ts';

const submit = '/v1/image/submit?plugin_id=yolo-tracker&tool=player_detection';
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(60)]);
const jpeg = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(60)]);

function imageForm(content: Uint8Array | string, name = 'shelf.png'): RequestInit {
  return videoForm(content, `filename="${name}"`);
}

test.each([
  ['image/png', png],
  ['image/jpeg', jpeg],
])('a picture of type %s becomes the input of a job of its own kind', async (type, content) => {
  const { url, desk, jobsDir } = await openHouse();
  const { status, body } = await read(url + submit, imageForm(content));
  const [job] = desk.jobs;
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { job_id: job?.id, plugin: 'yolo-tracker', tool: 'player_detection', status: 'queued' },
  });
  expect(job).toMatchObject({
    jobType: 'image',
    tools: ['player_detection'],
    sourceType: type,
    sourceName: 'shelf.png',
  });
  expect(readFileSync(join(jobsDir, job?.id ?? '', 'input')).equals(content)).toBe(true);
});

test.each([
  ['a video', tinyMp4],
  ['a text', Buffer.from('<svg>a picture of a kind</svg>')],
  ['a GIF', Buffer.from('GIF89a'.padEnd(60, '.'))],
  ['half of the magic', Buffer.from('89504e47', 'hex')],
  ['nothing', Buffer.alloc(0)],
])('%s is no picture, and nothing of it stays behind', async (_, content) => {
  const { url, desk, jobsDir, uploadsDir } = await openHouse();
  const answer = await read(url + submit, imageForm(content));
  expect(answer).toMatchObject({ status: 400, body: { detail: 'Invalid image file (expected PNG or JPEG)' } });
  expect(desk.jobs).toEqual([]);
  expect([...readdirSync(uploadsDir), ...readdirSync(jobsDir)].filter((name) => name !== 'resumable')).toEqual([]);
});

test('a tool for videos takes no picture, and a tool for pictures no video', async () => {
  const { url } = await openHouse();
  const image = await read(`${url}/v1/image/submit?plugin_id=yolo&tool=detect`, imageForm(png));
  expect(image).toMatchObject({
    status: 400,
    body: { detail: "Tool 'detect' does not support image input (input_types: ['video'])" },
  });
  const video = await read(`${url}/v1/video/submit?plugin_id=yolo&tool=player_detection`, videoForm());
  expect(video).toMatchObject({
    status: 400,
    body: { detail: "Tool 'player_detection' does not support video input (input_types: ['image_bytes'])" },
  });
});

test('a video is refused as no picture and a picture as no video, each in its own words', async () => {
  const { url } = await openHouse();
  const answer = await read(`${url}/v1/video/submit?plugin_id=yolo&tool=detect`, imageForm(png));
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/^Invalid MP4 file/) as string } });
});

test('the same key and picture give the same job', async () => {
  const { url, desk } = await openHouse();
  const body = form([{ name: 'file', more: 'filename="a.png"', content: png }]);
  const init = { method: 'POST', headers: { 'Content-Type': formType, 'Idempotency-Key': 'k-1' }, body };
  const first = await read(url + submit, init);
  const again = await read(url + submit, init);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  expect(desk.jobs).toHaveLength(1);
});

const sample = resolve(import.meta.dirname, '../../models/demo/sample.mp4');
const skip = noFfmpeg ?? (existsSync(sample) ? null : `missing ${sample}`);

const Submitted = z.object({ job_id: z.uuid() });
const Frame = z.object({
  frame_index: z.number(),
  pts_s: z.number(),
  detections: z.object({ xyxy: z.array(z.array(z.number())), class_name: z.array(z.string()) }),
});
const Results = z.object({
  results: z.object({ tool: z.string(), results: z.object({ frames: z.array(Frame), summary: z.unknown() }) }),
});

test.skipIf(skip !== null)(`a picture goes the whole way through the daemon${skip ? ` (${skip})` : ''}`, async () => {
  const file = join(tempData(), 'frame.png');
  execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', '1', file]);
  const daemon = await startDaemon();
  await daemon.logged('ready for jobs');
  const send = async (content: Buffer) => {
    const { status, body } = await read(daemon.url + submit, imageForm(content, 'frame.png'));
    expect(status).toBe(200);
    return Submitted.parse(body).job_id;
  };
  const ended = async (id: string, status: string) => {
    const url = `${daemon.url}/v1/video/status/${id}`;
    await expect.poll(async () => (await read(url)).body, { timeout: 20_000 }).toMatchObject({ status });
    return (await read(`${daemon.url}/v1/jobs/${id}`)).body;
  };

  const id = await send(readFileSync(file));
  expect(await ended(id, 'completed')).toMatchObject({
    ...{ job_type: 'image', tool: 'player_detection', progress: 100, total_frames: 1, warnings: [] },
    summary: { frame_count: 1 },
  });
  const { results } = Results.parse((await read(`${daemon.url}/v1/video/results/${id}`)).body);
  expect(results.tool).toBe('player_detection');
  expect(results.results.frames).toMatchObject([{ frame_index: 0, pts_s: 0 }]);
  expect(results.results.frames[0]?.detections.xyxy.length).toBeGreaterThan(3);
  expect(results.results.summary).toMatchObject({ total_frames: 1, fps: 0, duration_s: 0 });

  const whole = readFileSync(file);
  const cut = await send(whole.subarray(0, whole.length / 2));
  expect(await ended(cut, 'failed')).toMatchObject({
    error_message: 'The picture is cut off or damaged; it cannot be decoded.',
  });
  expect(await daemon.stop()).toBe(0);
});
