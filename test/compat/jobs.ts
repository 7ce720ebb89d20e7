// §2: jobs of every kind: the union answer, lists, results in every form, and their end.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { detect, type Fields, plugin, utc } from './api.ts';
import type { Bench } from './bench.ts';
import { hollow } from './media.ts';

const List = z.object({ jobs: z.array(z.record(z.string(), z.unknown())), count: z.number().int() });
const number = expect.any(Number) as number;

/** As `GET /v1/jobs/{id}` tells a completed video job of one tool. */
function whole(id: string): Fields {
  return {
    ...{ job_id: id, status: 'completed', plugin_id: plugin, tool: detect, tool_list: null, job_type: 'video' },
    results: { plugin_id: plugin, tool: detect, results: { frames: expect.any(Array) as unknown } },
    result_url: expect.stringContaining(`/v1/jobs/${id}/result`) as string,
    summary: { frame_count: 25, detection_count: number, classes: expect.any(Array) as unknown },
    ...{ error_message: null, progress: 100, tools_total: 1, tools_completed: 1, stage: 'completed' },
    ...{ current_frame: 25, total_frames: 25, eta_s: null, warnings: [] },
    ...{ created_at: utc, updated_at: utc },
  };
}

export function jobCases(bench: () => Bench): void {
  test('§2 GET /v1/jobs/{id}: the union of both generations, with the results inline where they are small', async () => {
    const { api, done } = bench();
    const job = await api.fields(`/v1/jobs/${done.video}`);
    expect(job).toMatchObject(whole(done.video));
    expect(job).toHaveProperty('current_tool');
    expect(job).toHaveProperty('fps');
  });

  test('§2 GET /v1/jobs: newest first, with limit, skip, status and the count of all', async () => {
    const { api, done } = bench();
    const all = List.parse(await api.fields('/v1/jobs?limit=100'));
    expect(all.count).toBeGreaterThanOrEqual(4);
    const times = all.jobs.map((job) => String(job['created_at']));
    expect(times).toEqual([...times].sort().reverse());
    expect(all.jobs.find((job) => job['job_id'] === done.video)).toMatchObject({
      ...{ plugin, plugin_id: plugin, completed_at: utc, error: null, status: 'completed' },
    });
    const second = List.parse(await api.fields('/v1/jobs?limit=1&skip=1'));
    expect(second.jobs.map((job) => job['job_id'])).toEqual([all.jobs[1]?.['job_id']]);
    const ended = List.parse(await api.fields('/v1/jobs?status=completed&limit=100'));
    expect(new Set(ended.jobs.map((job) => job['status']))).toEqual(new Set(['completed']));
  });

  test('§2 GET /v1/jobs/{id}/result: one JSON download', async () => {
    const { api, done } = bench();
    const answer = await api.get(`/v1/jobs/${done.video}/result`);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(answer.body).toMatchObject({
      ...{ job_id: done.video, status: 'completed', plugin_id: plugin, tool: detect },
      model: { name: expect.any(String) as string, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      source: { width: 1280, height: 720, fps: 25, frames: 25 },
      summary: { total_frames: 25 },
    });
  });

  test.each([
    ['ndjson', 25],
    ['csv', null],
    ['coco', null],
  ])('§2 GET /v1/jobs/{id}/result?format=%s', async (format, lines) => {
    const { api, done } = bench();
    const { status, text } = await api.get(`/v1/jobs/${done.video}/result?format=${format}`);
    expect(status).toBe(200);
    expect(text.length).toBeGreaterThan(100);
    if (lines !== null) expect(text.trim().split('\n')).toHaveLength(lines);
    if (format === 'coco') expect(JSON.parse(text)).toMatchObject({ images: expect.any(Array) as unknown });
  });

  test('§2 GET /v1/jobs/{id}/frames: one page', async () => {
    const { api, done } = bench();
    const page = await api.fields(`/v1/jobs/${done.video}/frames?offset=20&limit=3`);
    expect(page).toMatchObject({
      ...{ offset: 20, limit: 3, total: 25 },
      frames: [{ frame_index: 20 }, { frame_index: 21 }, { frame_index: 22 }],
    });
    expect((await api.get(`/v1/jobs/${done.video}/frames?limit=1001`)).status).toBe(422);
  });

  test('§2 GET /v1/jobs/{id}/video: the input, with Range', async () => {
    const { api, done, media } = bench();
    const part = await api.get(`/v1/jobs/${done.video}/video`, { Range: 'bytes=4-7' });
    expect([part.status, part.text]).toEqual([206, 'ftyp']);
    expect(part.headers.get('content-range')).toBe(`bytes 4-7/${media.video.length}`);
  });

  test('§2 DELETE cancels a running job, which these dialects show as failed; retry runs it as the same id', async () => {
    const { api, media } = bench();
    const id = await api.submit(media.longVideo, `tool=${detect}`);
    const gone = await api.call('DELETE', `/v1/jobs/${id}`);
    expect([gone.status, gone.body]).toEqual([200, { status: 'cancelled', job_id: id }]);
    await api.ended(id, 'failed');
    expect(await api.fields(`/v1/jobs/${id}`)).toMatchObject({ status: 'failed', error_message: 'Cancelled' });
    expect(await api.call('POST', `/v1/jobs/${id}/retry`)).toMatchObject({ status: 200, body: { job_id: id } });
    await api.call('DELETE', `/v1/jobs/${id}`);
    await api.ended(id, 'failed');
  });

  test('§2 DELETE removes a finished job with its files', async () => {
    const { api } = bench();
    const id = await api.submit(hollow, `tool=${detect}`);
    await api.call('DELETE', `/v1/jobs/${id}`);
    await api.ended(id, 'failed');
    expect((await api.call('DELETE', `/v1/jobs/${id}`)).body).toEqual({ status: 'deleted', job_id: id });
    for (const path of ['', '/result', '/video']) expect((await api.get(`/v1/jobs/${id}${path}`)).status).toBe(404);
  });
}
