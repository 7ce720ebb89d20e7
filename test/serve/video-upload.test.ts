// A video that is uploaded first and becomes jobs later, and tools that are named by what they can do.
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { PluginCatalogue } from '../../appliance/daemon/plugins/catalogue.ts';
import { Pipelines } from '../../appliance/daemon/pipelines/pipelines.ts';
import { Assignments } from '../../appliance/daemon/serve/assignment.ts';
import { Uploads } from '../../appliance/daemon/serve/upload.ts';
import { VideoInputs, type VideoInputsOptions } from '../../appliance/daemon/serve/video-inputs.ts';
import { videoUploadRoutes } from '../../appliance/daemon/serve/video-upload-routes.ts';
import { tempData } from '../support/temp-data.ts';
import { tinyMp4, videoForm } from './form.ts';
import { log, openHouse, openWeb, read } from './house.ts';
import { MemoryDesk } from './memory-desk.ts';
import { ModelShelf } from './model-shelf.ts';

const detect = { plugin_id: 'yolo-tracker', lockedTools: ['video_player_detection'] };
const Path = z.object({ video_path: z.string().regex(/^video\/input\/[0-9a-f-]{36}\.mp4$/) });

async function openCounter(folder = tempData(), more: Partial<VideoInputsOptions> = {}) {
  const [jobsDir, uploadsDir, kept] = ['jobs', 'uploads', 'kept'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [jobsDir, uploadsDir]) mkdirSync(made, { recursive: true });
  const space = { admit: () => Promise.resolve(), release: () => undefined };
  const uploads = new Uploads({ uploadsDir, jobsDir, log, maxBytes: 1024 * 1024, space });
  const inputs = new VideoInputs({ uploads, folder: kept, mostBytes: 10_000_000, log, ...more });
  await inputs.open();
  onTestFinished(() => inputs.close());
  const plugins = new PluginCatalogue();
  const assignments = new Assignments({ plugins, pipelines: new Pipelines(), models: new ModelShelf() });
  const desk = new MemoryDesk(jobsDir);
  const { url } = await openWeb(videoUploadRoutes({ desk, inputs, assignments, plugins, jobsDir }));
  const upload = async (content: Uint8Array | string = tinyMp4) => {
    const { status, body } = await read(`${url}/v1/video/upload?plugin_id=yolo-tracker`, videoForm(content));
    expect(status, JSON.stringify(body)).toBe(200);
    return Path.parse(body).video_path;
  };
  const submit = (what: object) =>
    read(`${url}/v1/video/job`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(what),
    });
  return { folder, jobsDir, uploadsDir, kept, desk, inputs, url, upload, submit };
}

test('one upload becomes as many jobs as are asked for, each with its own input', async () => {
  const { desk, jobsDir, upload, submit } = await openCounter();
  const video_path = await upload();
  const answers = [await submit({ ...detect, video_path }), await submit({ ...detect, video_path })];
  expect(answers.map(({ status, body }) => ({ status, body }))).toEqual([
    { status: 200, body: { job_id: desk.jobs[1]?.id } },
    { status: 200, body: { job_id: desk.jobs[0]?.id } },
  ]);
  for (const { id, sourceName, sourceType, sourceBytes } of desk.jobs) {
    expect({ sourceName, sourceType, sourceBytes }).toEqual({
      ...{ sourceName: 'clip.mp4', sourceType: 'video/mp4', sourceBytes: tinyMp4.length },
    });
    expect(readFileSync(join(jobsDir, id, 'input')).equals(tinyMp4)).toBe(true);
  }
});

test('whatever upload did not return leads nowhere, and nothing of a job is left', async () => {
  const { folder, jobsDir, upload, submit } = await openCounter();
  const known = await upload();
  writeFileSync(join(folder, 'secret.mp4'), 'secret');
  const wrong = [
    'video/input/00000000-0000-4000-8000-000000000000.mp4',
    `${known}/../../secret.mp4`,
    'video/input/../../secret.mp4',
    `../${known}`,
    `/${known}`,
    known.toUpperCase(),
    `${known}\u0000`,
    join(folder, 'secret.mp4'),
    '',
  ];
  for (const video_path of wrong) {
    const answer = await submit({ ...detect, video_path });
    expect(answer).toMatchObject({ status: 400, body: { detail: `Video file not found: ${video_path}` } });
  }
  expect(readdirSync(jobsDir)).toEqual([]);
});

test('an upload goes through the checks of a submit', async () => {
  const { url, kept, uploadsDir } = await openCounter();
  const unknown = await read(`${url}/v1/video/upload?plugin_id=nobody`, videoForm());
  expect(unknown).toMatchObject({ status: 400, body: { detail: "Plugin 'nobody' not found" } });
  expect((await read(`${url}/v1/video/upload`, videoForm())).status).toBe(422);
  const text = await read(`${url}/v1/video/upload?plugin_id=yolo`, videoForm('no video at all'));
  expect(text).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/^Invalid MP4 file/) as string } });
  const large = await read(`${url}/v1/video/upload?plugin_id=yolo`, videoForm(Buffer.alloc(2 * 1024 * 1024)));
  expect(large.status).toBe(413);
  expect(existsSync(kept)).toBe(false);
  expect(readdirSync(uploadsDir)).toEqual([]);
});

test('a job without tools, or with a full queue, is refused as by submit', async () => {
  const { desk, jobsDir, upload, submit } = await openCounter();
  const video_path = await upload();
  expect((await submit({ plugin_id: 'yolo', video_path })).body).toMatchObject({
    detail: [{ type: 'missing', loc: ['body', 'lockedTools'] }],
  });
  expect(await submit({ plugin_id: 'yolo', video_path, tool: 'nothing' })).toMatchObject({ status: 400 });
  desk.full = true;
  expect((await submit({ ...detect, video_path })).status).toBe(429);
  expect(readdirSync(jobsDir)).toEqual([]);
});

test('uploads survive a restart; half of one does not', async () => {
  const { folder, kept, inputs, upload } = await openCounter();
  const video_path = await upload();
  inputs.close();
  writeFileSync(join(kept, '11111111-1111-4111-8111-111111111111.mp4'), tinyMp4);
  writeFileSync(join(kept, 'what.json.new'), '');
  const again = await openCounter(folder);
  expect((await again.submit({ ...detect, video_path })).status).toBe(200);
  expect(readdirSync(kept)).toHaveLength(2);
});

test('uploads are kept for a day, and no more of them than there is room for: the oldest go', async () => {
  const { folder, kept, inputs, upload } = await openCounter();
  const old = await upload();
  const yesterday = Date.now() / 1000 - 25 * 3600;
  utimesSync(join(kept, old.replace('video/input/', '')), yesterday, yesterday);
  inputs.close();
  const few = await openCounter(folder, { most: 2 });
  expect(readdirSync(kept)).toEqual([]);
  const paths = [await few.upload(), await few.upload(), await few.upload()];
  const there = paths.map((path) => existsSync(join(kept, path.replace('video/input/', ''))));
  expect(there).toEqual([false, true, true]);
  const small = await openCounter(tempData(), { mostBytes: tinyMp4.length });
  await small.upload();
  await small.upload();
  expect(readdirSync(small.kept)).toHaveLength(2);
});

test('a tool can be named by what it is capable of, for the input that there is', async () => {
  const { url, desk } = await openHouse();
  const video = await read(`${url}/v1/video/submit?plugin_id=yolo&logical_tool_id=player_detection`, videoForm());
  expect(video).toMatchObject({ status: 200, body: { tool: 'video_player_detection' } });
  const both = '&logical_tool_id=player_detection&logical_tool_id=player_tracking';
  const several = await read(`${url}/v1/video/submit?plugin_id=yolo${both}`, videoForm());
  expect(several).toMatchObject({ status: 200, body: { tools: ['video_player_detection', 'video_player_tracking'] } });
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(60)]);
  const image = await read(
    `${url}/v1/image/submit?plugin_id=yolo&logical_tool_id=player_detection`,
    videoForm(png, 'filename="a.png"'),
  );
  expect(image).toMatchObject({ status: 200, body: { tool: 'player_detection' } });
  expect(desk.jobs.map(({ tools, jobType }) => [jobType, ...tools])).toEqual([
    ['image', 'player_detection'],
    ['video_multi', 'video_player_detection', 'video_player_tracking'],
    ['video', 'video_player_detection'],
  ]);
});

test('several tools are answered as they were named, and one that was named twice as what it is', async () => {
  const { url, desk } = await openHouse();
  const submit = (query: string) => read(`${url}/v1/video/submit?plugin_id=yolo&${query}`, videoForm());
  expect((await submit('tool=detect&tool=track')).body).toMatchObject({ tools: ['detect', 'track'] });
  expect((await submit('tool=detect&tool=video_player_detection')).body).toMatchObject({
    tool: 'video_player_detection',
  });
  expect(desk.jobs.map(({ tools }) => tools.length)).toEqual([1, 2]);
});

test('a capability that is not there, or one beside a tool, is refused in plain words', async () => {
  const { url } = await openHouse();
  const submit = (query: string) => read(`${url}/v1/video/submit?plugin_id=yolo&${query}`, videoForm());
  expect(await submit('logical_tool_id=ball_detection')).toMatchObject({
    status: 400,
    body: {
      detail:
        "Plugin 'yolo' has no tool for 'ball_detection' that takes video input. " +
        "Available: ['player_detection', 'player_tracking']",
    },
  });
  expect(await submit('logical_tool_id=player_detection&tool=track')).toMatchObject({
    status: 400,
    body: { detail: "Name the tool ('track') or the logical_tool_id ('player_detection'), not both" },
  });
  expect(await submit('')).toMatchObject({ status: 422, body: { detail: [{ loc: ['query', 'tool'] }] } });
});

test('a resumable upload names a capability as well', async () => {
  const { url } = await openHouse();
  const begin = async (metadata: Readonly<Record<string, string>>) => {
    const pairs = Object.entries(metadata).map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`);
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': '83', 'Upload-Metadata': pairs.join(',') };
    return (await fetch(`${url}/v1/uploads`, { method: 'POST', headers })).status;
  };
  expect(await begin({ plugin_id: 'yolo', logical_tool_id: 'player_detection,player_tracking' })).toBe(201);
  expect(await begin({ plugin_id: 'yolo', logical_tool_id: 'nothing' })).toBe(400);
  expect(await begin({ plugin_id: 'yolo', logical_tool_id: 'player_detection', tool: 'track' })).toBe(400);
  expect(await begin({ plugin_id: 'yolo' })).toBe(422);
});
