// §4: the admin dialect, and jobs of programs outside.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { nobody } from './api.ts';
import type { Bench } from './bench.ts';

const List = z.object({
  ...{ status: z.literal('success'), active_count: z.number().int(), completed_count: z.number().int() },
  jobs: z.array(z.looseObject({ id: z.string() })),
});
const text = expect.any(String) as string;
const started = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string;

export function adminCases(bench: () => Bench): void {
  test('§4 GET /api/admin/jobs: active ones first, then finished ones with their duration', async () => {
    const { api, done } = bench();
    const list = List.parse(await api.fields('/api/admin/jobs'));
    expect(list.jobs.length).toBeLessThanOrEqual(list.active_count + 20);
    expect(list.jobs.map(({ id }) => id)).toContain(done.video);
    expect(list.jobs.find(({ id }) => id === done.video)).toMatchObject({
      ...{ type: text, status: text, progress: 100, started, video_id: text, metadata: expect.any(Object) as object },
      ...{ completed: started, duration: expect.stringMatching(/^\d+:\d\d:\d\d$/) as string, error: null },
    });
  });

  test('§4 GET /api/admin/jobs/{id}: flat and nested', async () => {
    const { api, done } = bench();
    const answer = await api.fields(`/api/admin/jobs/${done.video}`);
    const job = z.record(z.string(), z.unknown()).parse(answer['job']);
    expect(job).toMatchObject({ id: done.video, progress: 100 });
    expect(answer).toMatchObject(job);
    const gone = await api.fields(`/api/admin/jobs/${nobody}`, 404);
    expect(gone).toEqual({ status: 'error', message: `Job ${nobody} not found` });
  });

  test('§4 a program outside shows its own job, moves it on and ends it', async () => {
    const { api } = bench();
    const id = `compat-${Date.now()}`;
    const made = await api.post('/api/admin/jobs', { id, type: 'render', video_id: 'v-1', metadata: { by: 'compat' } });
    expect([made.status, made.body]).toMatchObject([
      200,
      { status: 'success', message: `Job ${id} created`, job: { id, type: 'render', video_id: 'v-1', progress: 0 } },
    ]);
    const report = (what: object) => api.post(`/api/admin/jobs/${id}/progress`, what);
    expect(await report({ progress: 40, status: 'processing' })).toMatchObject({
      ...{ status: 200, body: { status: 'success', message: `Job ${id} updated` } },
    });
    expect(await api.fields(`/api/admin/jobs/${id}`)).toMatchObject({ progress: 40, metadata: { by: 'compat' } });
    expect((await report({ status: 'processing' })).body).toEqual({
      ...{ status: 'error', message: 'Progress value is required' },
    });
    expect((await report({ progress: 100, status: 'completed' })).status).toBe(200);
    expect(await api.fields(`/api/admin/jobs/${id}`)).toMatchObject({ status: 'completed', progress: 100 });
  });

  test('§4 POST /api/admin/jobs: what is missing is named', async () => {
    const { api } = bench();
    const half = await api.post('/api/admin/jobs', { id: 'x' });
    const message = 'id, type, and video_id are required';
    expect([half.status, half.body]).toEqual([400, { status: 'error', message }]);
    const none = await api.call('POST', '/api/admin/jobs');
    expect([none.status, none.body]).toEqual([400, { status: 'error', message: 'No data provided' }]);
  });
}
