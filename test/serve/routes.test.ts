// The answers of the dialects, word by word as the contract has them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Counter } from 'prom-client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { JobStatusView } from '../../appliance/contract/api.ts';
import { annotatedPlan } from '../../appliance/contract/plan.ts';
import { builtInPlugins as plugins } from '../../appliance/contract/plugins.ts';
import { noProducts } from '../../appliance/contract/products.ts';
import { FramePage, JobDetails, JobList, ResultDocument, VideoResults } from '../../appliance/daemon/serve/schemas.ts';
import { frameLine, model, source, summaryOf } from '../results/frames.ts';
import { openHouse, read } from './house.ts';

const unknown = '00000000-0000-4000-8000-000000000000';

async function openWithJob(frames = 3) {
  const house = await openHouse();
  const lines = Array.from({ length: frames }, (_, at) => frameLine(at));
  const job = house.desk.put({
    status: 'completed',
    progress: 100,
    stage: 'completed',
    model,
    source,
    summary: summaryOf(frames),
    completedAt: Date.now(),
  });
  writeFileSync(join(house.jobsDir, job.id, 'frames.ndjson'), lines.join(''));
  const parsed: unknown[] = lines.map((line) => JSON.parse(line) as unknown);
  return { ...house, job, frames: parsed };
}

test('the polled status has exactly five keys, and 304 while nothing changes', async () => {
  const { url, desk } = await openHouse();
  const job = desk.put({ progress: 42, createdAt: 0, updatedAt: 1000 });
  const { status, body, headers } = await read(`${url}/v1/video/status/${job.id}`);
  expect(status).toBe(200);
  expect(body).toEqual({
    job_id: job.id,
    status: 'running',
    progress: 42,
    created_at: '1970-01-01T00:00:00.000Z',
    updated_at: '1970-01-01T00:00:01.000Z',
  });
  JobStatusView.parse(body);
  const again = { headers: { 'If-None-Match': headers.get('etag') ?? '' } };
  expect((await fetch(`${url}/v1/video/status/${job.id}`, again)).status).toBe(304);
  desk.jobs[0] = { ...job, progress: 43 };
  expect((await fetch(`${url}/v1/video/status/${job.id}`, again)).status).toBe(200);
});

test('a job is found by every spelling of its id; a malformed one is 422, an unknown one 404', async () => {
  const { url, desk } = await openHouse();
  const { id } = desk.put({});
  const spellings = [id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, `%7B${id}%7D`, `urn:uuid:${id}`];
  for (const spelling of spellings) {
    expect(await read(`${url}/v1/video/status/${spelling}`)).toMatchObject({ status: 200, body: { job_id: id } });
  }
  const paths = [
    '/v1/video/status/ID',
    '/v1/video/results/ID',
    '/v1/jobs/ID',
    '/v1/jobs/ID/result',
    '/v1/jobs/ID/frames',
    '/v1/jobs/ID/video',
  ];
  for (const path of paths) {
    expect(await read(url + path)).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'uuid_parsing', loc: ['path', 'job_id'], input: 'ID' }] },
    });
    const known = await read(url + path.replace('ID', unknown));
    expect(known).toMatchObject({ status: 404, body: { detail: 'Job not found' } });
  }
  expect(await read(`${url}/v1/jobs/${unknown}`, { method: 'DELETE' })).toMatchObject({
    status: 404,
    body: { detail: 'Job not found' },
  });
});

test('video results carry all frames, and the nulls of the older dialect', async () => {
  const { url, job, frames } = await openWithJob();
  const { status, body } = await read(`${url}/v1/video/results/${job.id}`);
  expect(status).toBe(200);
  const [created_at, updated_at] = [job.createdAt, job.updatedAt].map((ms) => new Date(ms).toISOString());
  expect(body).toEqual({
    job_id: job.id,
    status: 'completed',
    results: { plugin_id: 'yolo-tracker', tool: 'video_player_detection', results: { frames, summary: summaryOf(3) } },
    ...{ tool: null, tool_list: null, job_type: null, error_message: null, progress: null },
    ...{ created_at, updated_at },
  });
  VideoResults.parse(body);
});

test('results of a job that is not completed are 404, a failed one included', async () => {
  const { url, desk } = await openHouse();
  for (const status of ['pending', 'running', 'failed', 'cancelled'] as const) {
    const { id } = desk.put({ status });
    for (const path of [`/v1/video/results/${id}`, `/v1/jobs/${id}/result`]) {
      expect(await read(url + path)).toMatchObject({ status: 404, body: { detail: 'Job not completed' } });
    }
  }
});

test('one job shows the union of the dialects, small results inside', async () => {
  const { url, job, frames } = await openWithJob();
  const { body } = await read(`${url}/v1/jobs/${job.id}`);
  JobDetails.parse(body);
  expect(body).toMatchObject({
    job_id: job.id,
    status: 'completed',
    plugin_id: 'yolo-tracker',
    plugin: 'yolo-tracker',
    progress: 100,
    result_url: `/v1/jobs/${job.id}/result`,
    summary: { frame_count: 3, detection_count: 6, classes: ['person', 'ball'] },
  });
  const { results } = JobDetails.parse(body);
  expect(results).toEqual({
    plugin_id: 'yolo-tracker',
    tool: 'video_player_detection',
    results: { frames, summary: summaryOf(3) },
  });
});

test('one job with long results shows the first frames and says that they are not all', async () => {
  const { url, job, frames } = await openWithJob(3000);
  const { results } = JobDetails.parse((await read(`${url}/v1/jobs/${job.id}`)).body);
  expect(results?.truncated).toBe(true);
  const shown = results?.results.frames ?? [];
  expect(shown.length).toBeGreaterThan(100);
  expect(shown.length).toBeLessThan(700);
  expect(shown).toEqual(frames.slice(0, shown.length));
});

test('a cancelled job is failed to the older dialects, and a job without results has null', async () => {
  const { url, desk } = await openHouse();
  const { id } = desk.put({ status: 'cancelled' });
  const { body } = await read(`${url}/v1/jobs/${id}`);
  expect(body).toMatchObject({ status: 'failed', error_message: 'Cancelled', results: null });
  expect((await read(`${url}/v1/video/status/${id}`)).body).toMatchObject({ status: 'failed' });
});

test('the list is newest first, paged, filtered by what the older dialects call a status, and counted', async () => {
  const { url, desk, job } = await openWithJob();
  desk.put({ status: 'cancelled' });
  desk.put({ status: 'failed', error: { code: 'worker-died', message: 'It died' } });
  const running = desk.put({});
  const list = async (query = '') => JobList.parse((await read(`${url}/v1/jobs${query}`)).body);
  const all = await list();
  expect(all.count).toBe(4);
  expect(all.jobs.map(({ job_id }) => job_id)).toEqual(desk.jobs.map(({ id }) => id));
  expect(all.jobs[0]).toMatchObject({ job_id: running.id, results: null, completed_at: null });
  expect(all.jobs[1]).toMatchObject({ status: 'failed', error: 'It died' });
  expect(all.jobs[3]?.results).toMatchObject({ results: { summary: summaryOf(3) } });
  expect(all.jobs[3]?.results?.results.frames).toHaveLength(3);
  expect((await list('?limit=1&skip=3')).jobs.map(({ job_id }) => job_id)).toEqual([job.id]);
  const failed = await list('?status=failed');
  expect(failed.count).toBe(2);
  expect(await list('?skip=50')).toEqual({ jobs: [], count: 4 });
});

test('a listed job with long results brings none of its frames', async () => {
  const { url } = await openWithJob(1000);
  const { jobs } = JobList.parse((await read(`${url}/v1/jobs`)).body);
  expect(jobs[0]?.results).toMatchObject({ truncated: true, results: { frames: [], summary: summaryOf(1000) } });
});

test('limit and skip out of range are 422', async () => {
  const { url } = await openHouse();
  for (const [query, key, type] of [
    ['limit=0', 'limit', 'greater_than_equal'],
    ['limit=101', 'limit', 'less_than_equal'],
    ['limit=ten', 'limit', 'int_parsing'],
    ['limit=', 'limit', 'int_parsing'],
    ['skip=-1', 'skip', 'greater_than_equal'],
    ['status=cancelled', 'status', 'enum'],
  ]) {
    expect(await read(`${url}/v1/jobs?${query}`)).toMatchObject({
      status: 422,
      body: { detail: [{ type, loc: ['query', key] }] },
    });
  }
});

test('the result is a download in each of four formats', async () => {
  const { url, job, frames } = await openWithJob();
  const download = async (format = '') => {
    const answer = await fetch(`${url}/v1/jobs/${job.id}/result${format && `?format=${format}`}`);
    return {
      type: answer.headers.get('content-type'),
      as: answer.headers.get('content-disposition'),
      text: await answer.text(),
    };
  };
  const name = `match-${job.id.slice(0, 8)}`;
  const json = await download();
  expect(json.as).toBe(`attachment; filename="${name}.json"`);
  const document: unknown = JSON.parse(json.text);
  ResultDocument.parse(document);
  const { width, height, fps, duration_s, frames: count } = source;
  expect(document).toEqual({
    ...{ job_id: job.id, status: 'completed', plugin_id: 'yolo-tracker', tool: 'video_player_detection' },
    ...{ model, source: { width, height, fps, duration_s, frames: count }, frames, summary: summaryOf(3) },
  });
  expect(await download('ndjson')).toMatchObject({
    type: 'application/x-ndjson; charset=utf-8',
    text: frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''),
  });
  expect((await download('csv')).text.split('\r\n')).toHaveLength(8);
  expect(await download('coco')).toMatchObject({ as: `attachment; filename="${name}.coco.json"` });
  expect(await read(`${url}/v1/jobs/${job.id}/result?format=xml`)).toMatchObject({
    status: 422,
    body: {
      detail: [{ type: 'enum', loc: ['query', 'format'], msg: "Input should be 'json', 'ndjson', 'csv' or 'coco'" }],
    },
  });
});

test('results whose files are gone are an honest error', async () => {
  const { url, desk } = await openHouse();
  const { id } = desk.put({ status: 'completed', summary: summaryOf(1) });
  for (const path of [`/v1/video/results/${id}`, `/v1/jobs/${id}/result?format=csv`]) {
    expect(await read(url + path)).toMatchObject({
      status: 500,
      body: { detail: 'The results of this job are no longer on the disk' },
    });
  }
  expect((await read(`${url}/v1/jobs/${id}`)).body).toMatchObject({ results: { truncated: true } });
});

test('frames come in pages', async () => {
  const { url, job, frames } = await openWithJob(450);
  const page = async (id: string, query = '') =>
    FramePage.parse((await read(`${url}/v1/jobs/${id}/frames${query}`)).body);
  expect(await page(job.id)).toEqual({ offset: 0, limit: 200, total: 450, frames: frames.slice(0, 200) });
  expect(await page(job.id, '?offset=440&limit=1000')).toEqual({
    ...{ offset: 440, limit: 1000, total: 450 },
    frames: frames.slice(440),
  });
  expect((await page(job.id, '?offset=451')).frames).toEqual([]);
  expect((await fetch(`${url}/v1/jobs/${job.id}/frames?limit=1001`)).status).toBe(422);
});

test('frames of a job that still runs are those that are written whole', async () => {
  const { url, desk, jobsDir } = await openHouse();
  const { id } = desk.put({ status: 'running' });
  writeFileSync(join(jobsDir, id, 'frames.ndjson'), frameLine(0) + frameLine(1) + frameLine(2).slice(0, 40));
  const { total, frames } = FramePage.parse((await read(`${url}/v1/jobs/${id}/frames`)).body);
  expect([total, frames.map(({ frame_index }) => frame_index)]).toEqual([2, [0, 1]]);
});

test('a job without frames yet has an empty page', async () => {
  const { url, desk } = await openHouse();
  const { id } = desk.put({});
  expect((await read(`${url}/v1/jobs/${id}/frames`)).body).toEqual({ offset: 0, limit: 200, total: 0, frames: [] });
});

test('the video is played from any place, and is 404 when it is gone', async () => {
  const { url, desk, jobsDir } = await openHouse();
  const { id } = desk.put({ sourceType: 'video/webm' });
  expect(await read(`${url}/v1/jobs/${id}/video`)).toMatchObject({ status: 404, body: { detail: 'Video not found' } });
  writeFileSync(join(jobsDir, id, 'input'), 'abcdefghij');
  const part = await fetch(`${url}/v1/jobs/${id}/video`, { headers: { Range: 'bytes=3-5' } });
  expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'video/webm', 'def']);
});

test('the annotated video is served where there is one, and else it is said how to get it', async () => {
  const { url, desk, jobsDir } = await openHouse();
  const video = (id: string, query = '') => `${url}/v1/jobs/${id}/video?annotated=1${query}`;
  const absent = [
    [desk.put({ status: 'completed' }), 'This job has no annotated video: submit with annotated=true to get one'],
    [desk.put({ status: 'running', plan: annotatedPlan }), 'The annotated video is there when the job is completed'],
    [desk.put({ status: 'failed', plan: annotatedPlan }), 'No annotated video: the job is failed'],
  ] as const;
  for (const [{ id }, detail] of absent) {
    expect(await read(video(id))).toMatchObject({ status: 404, body: { detail } });
  }
  const products = { ...noProducts, annotated_bytes: 10 };
  const { id } = desk.put({ status: 'completed', sourceName: 'My "day".avi', plan: annotatedPlan, products });
  expect(await read(video(id))).toMatchObject({ status: 404, body: { detail: 'Video not found' } });
  writeFileSync(join(jobsDir, id, 'annotated.mp4'), 'abcdefghij');
  writeFileSync(join(jobsDir, id, 'input'), 'klm');
  const part = await fetch(video(id), { headers: { Range: 'bytes=3-5' } });
  expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'video/mp4', 'def']);
  const named = `attachment; filename="My_day_-${id.slice(0, 8)}`;
  const saved = await fetch(video(id, '&download=1'));
  expect([await saved.text(), saved.headers.get('content-disposition')]).toEqual([
    'abcdefghij',
    `${named}-annotated.mp4"`,
  ]);
  const input = await fetch(`${url}/v1/jobs/${id}/video?download=true`);
  expect([await input.text(), input.headers.get('content-disposition')]).toEqual(['klm', `${named}.avi"`]);
  expect((await fetch(`${url}/v1/jobs/${id}/video?annotated=perhaps`)).status).toBe(422);
});

test('retry runs a failed or cancelled job again as the same id, and says why it does not', async () => {
  const { url, desk } = await openHouse();
  const retry = (id: string) => read(`${url}/v1/jobs/${id}/retry`, { method: 'POST' });
  for (const status of ['failed', 'cancelled'] as const) {
    const { id } = desk.put({ status });
    const answer = await retry(id);
    expect(answer).toMatchObject({ status: 200, body: { job_id: id, status: 'pending', error_message: null } });
    expect(answer.body).toEqual((await read(`${url}/v1/jobs/${id}`)).body);
  }
  for (const status of ['pending', 'running', 'completed'] as const) {
    expect(await retry(desk.put({ status }).id)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining(status) as string },
    });
  }
  expect(await retry(unknown)).toMatchObject({ status: 404, body: { detail: 'Job not found' } });
  expect(await retry('nonsense')).toMatchObject({ status: 422 });
});

test('DELETE cancels what runs and removes what is finished', async () => {
  const { url, desk } = await openHouse();
  const [running, finished] = [desk.put({}), desk.put({ status: 'failed' })];
  const remove = (id: string) => read(`${url}/v1/jobs/${id}`, { method: 'DELETE' });
  expect(await remove(running.id)).toMatchObject({ status: 200, body: { status: 'cancelled', job_id: running.id } });
  expect(await remove(finished.id)).toMatchObject({ status: 200, body: { status: 'deleted', job_id: finished.id } });
});

test('plugins tell how they fare and what they offer', async () => {
  const { url } = await openHouse();
  const list = z.array(z.record(z.string(), z.unknown())).parse((await read(`${url}/v1/plugins`)).body);
  expect(Object.keys(list[0] ?? {}).sort()).toEqual(
    [
      ...['name', 'state', 'description', 'reason', 'version', 'uptime_seconds', 'last_used', 'success_count'],
      ...['error_count', 'last_execution_time_ms', 'avg_execution_time_ms'],
    ].sort(),
  );
  expect(list[0]).toMatchObject({ name: 'yolo-tracker', state: 'ready' });
  for (const name of ['yolo-tracker', 'yolo']) {
    expect((await read(`${url}/v1/plugins/${name}/manifest`)).body).toEqual({ ...plugins[0], model: null });
  }
  expect(await read(`${url}/v1/plugins/none/manifest`)).toMatchObject({
    status: 404,
    body: { detail: "Plugin 'none' not found" },
  });
});

test('health, readiness and metrics', async () => {
  const { url, registry } = await openHouse();
  expect((await read(`${url}/v1/health`)).body).toEqual({ status: 'healthy', plugins_loaded: 1, version: '9.9.9' });
  expect((await read(`${url}/v1/worker/health`)).body).toEqual({
    alive: true,
    last_heartbeat: '2023-11-14T22:13:20.000Z',
  });
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
  expect(await read(`${url}/readyz`)).toMatchObject({ status: 200, body: { status: 'ready', reasons: [] } });
  new Counter({ name: 'things_total', help: 'Things', registers: [registry] }).inc(3);
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await metrics.text()).toContain('things_total 3');
  const unwell = await openHouse({ unready: ['No model is loaded'] });
  expect(await read(`${unwell.url}/readyz`)).toMatchObject({
    status: 503,
    body: { status: 'not ready', reasons: ['No model is loaded'] },
  });
});

test('the OpenAPI document lists every route, and every reference in it leads somewhere', async () => {
  const { url, routes } = await openHouse();
  const answer = await read(`${url}/openapi.json`);
  const Operation = z
    .object({ summary: z.string(), operationId: z.string(), responses: z.record(z.string(), z.unknown()) })
    .loose();
  const document = z
    .object({
      openapi: z.literal('3.1.0'),
      info: z.object({ title: z.string(), version: z.literal('9.9.9') }),
      paths: z.record(z.string(), z.record(z.string(), Operation)),
      components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
    })
    .parse(answer.body);
  for (const { method, path, hidden } of routes) {
    if (hidden !== true) expect(document.paths[path]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
  }
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  const references = [...JSON.stringify(answer.body).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect(references.length).toBeGreaterThan(20);
  for (const name of references) expect(document.components.schemas[name ?? '']).toBeDefined();
  expect(document.paths['/v1/video/status/{job_id}']?.['get']).toMatchObject({
    deprecated: true,
    parameters: [{ name: 'job_id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
  });
  expect(document.paths['/v1/jobs']?.['get']).toMatchObject({
    parameters: [
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      },
      { name: 'skip', required: false },
      { name: 'status', required: false, schema: { enum: ['pending', 'running', 'completed', 'failed'] } },
    ],
  });
  const etag = answer.headers.get('etag') ?? '';
  expect((await fetch(`${url}/openapi.json`, { headers: { 'If-None-Match': etag } })).status).toBe(304);
});
