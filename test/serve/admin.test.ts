// Contract §4: the admin dialect, and the jobs of programs outside that it brings in.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { JobItem, toJobItem } from '../../appliance/contract/api.ts';
import { mostActive } from '../../appliance/daemon/jobs/outside-jobs.ts';
import { openAdmin } from './admin-house.ts';

const plainTime = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as unknown;
const AdminJob = z.looseObject({ id: z.string(), status: z.string(), progress: z.number() });
const AdminList = z.object({
  status: z.literal('success'),
  active_count: z.number(),
  completed_count: z.number(),
  jobs: z.array(AdminJob),
});

async function listed(house: Awaited<ReturnType<typeof openAdmin>>) {
  return AdminList.parse((await house.get('/api/admin/jobs')).body);
}

test('a program shows its own job, which is then a job like any other', async () => {
  const house = await openAdmin();
  const metadata = { source: 'camera 7', clips: [1, 2], nested: { deep: true } };
  const created = await house.create('task_1', { metadata });
  const job = {
    id: 'task_1',
    type: 'clip_extraction',
    status: 'queued',
    progress: 0,
    started: plainTime,
    video_id: 'video-of-task_1',
    metadata,
    stage: 'queued',
    error: null,
  };
  expect(created).toMatchObject({ status: 200, body: { status: 'success', message: 'Job task_1 created', job } });
  expect((await house.get('/api/admin/jobs/task_1')).body).toEqual({ ...job, job });
  expect(await listed(house)).toEqual({ status: 'success', active_count: 1, completed_count: 0, jobs: [job] });

  const [one] = house.jobs.newest(10);
  if (!one) throw new Error('no job');
  expect(house.events).toEqual([{ kind: 'job-changed', job: one }]);
  expect(JobItem.parse(toJobItem(one))).toMatchObject({
    status: 'running',
    plugin_id: 'outside',
    tools: ['clip_extraction'],
    source_name: 'video-of-task_1',
    result_url: null,
    outside: { id: 'task_1', metadata },
  });
  expect((await house.get(`/v1/jobs/${one.id}`)).body).toMatchObject({ status: 'running', progress: 0, results: null });
  expect((await house.get(`/api/admin/jobs/${one.id}`)).body).toMatchObject({ id: 'task_1' });
  expect(house.jobs.counts).toEqual({ pending: 0, running: 0 });
});

test('progress moves it, in the words of the program, and never back', async () => {
  const house = await openAdmin();
  await house.create('a');
  const state = async () => AdminJob.parse((await house.get('/api/admin/jobs/a')).body);
  const said = await house.tell('a', { progress: 25, status: 'transcribing' });
  expect(said).toMatchObject({ status: 200, body: { status: 'success', message: 'Job a updated' } });
  expect(await state()).toMatchObject({ status: 'transcribing', stage: 'transcribing', progress: 25 });
  await house.tell('a', { progress: 10, status: 'my own step' });
  expect(await state()).toMatchObject({ status: 'my own step', progress: 25 });
  await house.tell('a', { progress: 40 });
  expect(await state()).toMatchObject({ status: 'my own step', progress: 40 });
  const told = house.events.length;
  await house.tell('a', { progress: 40 });
  expect(house.events).toHaveLength(told);
  const kinds = () => house.events.map(({ kind }) => kind);
  // The word is news of the job, told once a second at most; a mere number is a step.
  const steps = ['job-changed', 'job-changed', 'job-progressed', 'job-progressed'];
  expect(kinds()).toEqual(steps);
  await expect.poll(kinds, { timeout: 2000 }).toEqual([...steps, 'job-changed']);
  expect(house.events.at(-1)).toMatchObject({ job: { progress: 40, outside: { status: 'my own step' } } });
  const seqs = house.events.map((event) => ('job' in event ? event.job.seq : 0));
  expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
});

test.each([
  [{ progress: 100 }, 'completed', 100, null],
  [{ progress: 60, status: 'completed' }, 'completed', 100, null],
  [{ progress: 60, status: 'failed', error: 'No space left' }, 'failed', 60, 'No space left'],
  [{ progress: 0, status: 'ERROR', message: 'It broke' }, 'failed', 30, 'It broke'],
  [{ progress: 100, status: 'error' }, 'failed', 99, 'The program that works on this job says that it failed.'],
  [{ progress: 50, status: 'cancelled' }, 'cancelled', 50, 'Cancelled'],
])('%j ends it as %s', async (report, status, progress, error) => {
  const house = await openAdmin();
  await house.create('a');
  await house.tell('a', { progress: 30, status: 'analyzing' });
  expect((await house.tell('a', report)).status).toBe(200);
  const body = { status, progress, error, completed: plainTime, duration: '0:00:00' };
  expect((await house.get('/api/admin/jobs/a')).body).toMatchObject(body);
  expect(await listed(house)).toMatchObject({ active_count: 0, completed_count: 1, jobs: [{ id: 'a', status }] });
  // The same once more is no mistake; anything else is.
  expect((await house.tell('a', report)).status).toBe(200);
  expect(await house.tell('a', { progress: 70 })).toMatchObject({
    status: 409,
    body: { status: 'error', message: `Job a is already ${status}; create it anew to begin again.` },
  });
});

test('what is missing or wrong is told in the dialect’s own form', async () => {
  const house = await openAdmin();
  const required = 'id, type, and video_id are required';
  const whole = { id: 'a', type: 'b', video_id: 'c' };
  const deep = `{"id":"a","type":"b","video_id":"c","metadata":{"x":${'['.repeat(5000)}${']'.repeat(5000)}}}`;
  const refusals: [unknown, string][] = [
    ['', 'No data provided'],
    [{}, 'No data provided'],
    ['{"id":', 'The body is no JSON'],
    [[1], 'The body must be a JSON object'],
    [{ id: 'a' }, required],
    [{ ...whole, video_id: ' ' }, required],
    [{ ...whole, type: { b: 1 } }, required],
    [{ ...whole, id: 'x'.repeat(201) }, 'id is longer than 200 characters'],
    [{ ...whole, type: 'a\u0000b' }, 'type has characters that cannot be shown'],
    [{ ...whole, id: '\ud800' }, 'id has characters that cannot be shown'],
    [{ ...whole, metadata: [1] }, 'metadata must be an object'],
    [{ ...whole, metadata: { text: 'x'.repeat(16 * 1024) } }, 'metadata is larger than 16 KB'],
    [deep, 'metadata is nested deeper than 20 levels'],
    [{ ...whole, metadata: { text: 'x'.repeat(80_000) } }, 'The body is longer than 64 KB.'],
  ];
  for (const [body, message] of refusals) {
    expect(await house.post('/api/admin/jobs', body)).toMatchObject({
      status: 400,
      body: { status: 'error', message },
    });
  }
  expect(house.events).toEqual([]);

  await house.create('a');
  const reports: [unknown, string][] = [
    ['', 'Progress value is required'],
    [{ status: 'completed' }, 'Progress value is required'],
    [{ progress: null }, 'Progress value is required'],
    [{ progress: '42' }, 'Progress must be a whole number between 0 and 100, not "42"'],
    [{ progress: 42.5 }, 'Progress must be a whole number between 0 and 100, not 42.5'],
    [{ progress: 101 }, 'Progress must be a whole number between 0 and 100, not 101'],
    [{ progress: -1 }, 'Progress must be a whole number between 0 and 100, not -1'],
    [{ progress: true }, 'Progress must be a whole number between 0 and 100, not true'],
    [{ progress: 5, status: 7 }, 'status must be a text, not 7'],
  ];
  for (const [body, message] of reports) {
    const answer = await house.post('/api/admin/jobs/a/progress', body);
    expect(answer).toMatchObject({ status: 400, body: { status: 'error', message } });
  }
  expect(await house.tell('b', { progress: 5 })).toMatchObject({
    status: 404,
    body: { status: 'error', message: 'Job b not found' },
  });
  expect((await house.get('/api/admin/jobs/b')).body).toEqual({ status: 'error', message: 'Job b not found' });
});

test('the same id again tells of the running job anew, and of an ended one begins another', async () => {
  const house = await openAdmin();
  await house.create('a/7 ü');
  await house.tell('a/7 ü', { progress: 30, status: 'analyzing' });
  const [first] = house.jobs.newest(1);
  const again = await house.create('a/7 ü', { video_id: 'other', metadata: { try: 2 } });
  expect(again.body).toMatchObject({
    message: 'Job a/7 ü updated',
    job: { progress: 30, status: 'analyzing', video_id: 'other', metadata: { try: 2 } },
  });
  expect(house.jobs.newest(5).map(({ id, sourceName }) => [id, sourceName])).toEqual([[first?.id, 'other']]);
  await house.tell('a/7 ü', { progress: 100 });
  expect((await house.create('a/7 ü')).body).toMatchObject({
    message: 'Job a/7 ü created',
    job: { progress: 0, status: 'queued' },
  });
  const left = house.jobs.newest(5);
  expect(left).toHaveLength(1);
  expect(left[0]?.id).not.toBe(first?.id);
  expect(house.events.some((event) => event.kind === 'job-removed' && event.jobId === first?.id)).toBe(true);
});

test('it is cancelled and deleted like any job, but neither run again nor moved, and has no results here', async () => {
  const house = await openAdmin();
  await house.create('a');
  const [job] = house.jobs.newest(1);
  const path = `/v1/jobs/${job?.id ?? ''}`;
  expect((await house.post(`${path}/move`, { before: null })).status).toBe(409);
  expect((await house.post(`${path}/retry`, '')).status).toBe(409);
  expect((await fetch(house.url + path, { method: 'DELETE' })).status).toBe(200);
  expect(await house.tell('a', { progress: 70 })).toMatchObject({
    status: 409,
    body: { message: 'Job a is already cancelled; create it anew to begin again.' },
  });
  expect(await house.post(`${path}/retry`, '')).toMatchObject({
    status: 409,
    body: { detail: 'A program outside works on this job, and alone can run it again.' },
  });
  expect((await fetch(house.url + path, { method: 'DELETE' })).status).toBe(200);
  expect((await house.get('/api/admin/jobs/a')).status).toBe(404);
  expect(await listed(house)).toMatchObject({ active_count: 0, completed_count: 0 });

  await house.create('b');
  await house.tell('b', { progress: 100 });
  const [done] = house.jobs.newest(1);
  expect((await house.get(`/v1/jobs/${done?.id ?? ''}`)).body).toMatchObject({ status: 'completed', results: null });
  expect((await house.get(`/v1/jobs/${done?.id ?? ''}/result`)).status).toBe(409);
});

test('the appliance’s own jobs stand in the same list and take no progress from outside', async () => {
  const house = await openAdmin();
  const own = house.submit({ behaviour: 'finishes', frames: 3 });
  await house.create('a');
  const list = await listed(house);
  expect(list).toMatchObject({ active_count: 2, jobs: [{ id: 'a' }, { id: own.id }] });
  expect(list.jobs[1]).toMatchObject({
    type: 'video',
    status: 'queued',
    progress: 0,
    video_id: own.id,
    metadata: { plugin: 'yolo-tracker', source_name: own.sourceName },
  });
  const refused = await house.tell(own.id, { progress: 50 });
  expect(refused).toMatchObject({ status: 409, body: { status: 'error' } });
  expect(house.jobs.get(own.id)).toMatchObject({ status: 'pending', progress: 0 });
});

test('too many that are under way are refused', async () => {
  const house = await openAdmin();
  for (let at = 0; at < mostActive; at++) expect((await house.create(`job-${at}`)).status).toBe(200);
  const refused = await house.create('one-more');
  expect(refused).toMatchObject({ status: 429, body: { status: 'error' } });
  expect(refused.headers.get('retry-after')).toBe('10');
  expect((await house.create('job-7')).status).toBe(200);
  await house.tell('job-7', { progress: 100 });
  expect((await house.create('one-more')).status).toBe(200);
  expect((await listed(house)).active_count).toBe(mostActive);
});

test('the newest 20 that ended stay over a restart, and those under way go on', async () => {
  const house = await openAdmin();
  for (let at = 0; at < 23; at++) {
    await house.create(`ended-${at}`);
    await house.tell(`ended-${at}`, { progress: 100 });
  }
  await house.create('alive', { metadata: { kept: true } });
  await house.tell('alive', { progress: 37, status: 'uploading_clips' });
  const before = house.jobs.newest(50).find(({ outside }) => outside?.id === 'alive');
  expect((await listed(house)).completed_count).toBe(20);
  expect((await house.get('/api/admin/jobs/ended-2')).status).toBe(404);
  await house.close();

  const next = await openAdmin({ folder: house.folder });
  expect(await listed(next)).toMatchObject({ active_count: 1, completed_count: 20 });
  expect((await next.get('/api/admin/jobs/ended-3')).status).toBe(200);
  expect((await next.get('/api/admin/jobs/alive')).body).toMatchObject({
    status: 'uploading_clips',
    progress: 37,
    metadata: { kept: true },
  });
  expect((await next.tell('alive', { progress: 38 })).status).toBe(200);
  const after = next.jobs.get(before?.id ?? '');
  expect(after).toMatchObject({ status: 'running', progress: 38 });
  expect(after?.seq).toBeGreaterThan(before?.seq ?? Infinity);
  expect(next.jobs.counts).toEqual({ pending: 0, running: 0 });
  await next.tell('alive', { progress: 100 });
  expect((await next.get('/api/admin/jobs/ended-3')).status).toBe(404);
});
