// Contract §3: the stages, and the status of a task.
import { expect, test } from 'vitest';
import { plainPlan } from '../../appliance/contract/plan.ts';
import { openAdmin } from './admin-house.ts';

test('the stages are flat and in their order', async () => {
  const { url } = await openAdmin();
  expect(await (await fetch(`${url}/api/stages`)).text()).toBe(
    '{"queued":0,"downloading":5,"downloaded":15,"uploading":18,"processing_started":20,"transcribing":25,' +
      '"analyzing":50,"processing":70,"uploading_clips":90,"completed":100,"failed":0,"error":0,"cancelled":0,' +
      '"posting_tiktok":80,"posting_instagram":85,"posting_completed":100}',
  );
});

test('a pipeline shows its real stages and weights; an unknown one the names that are near', async () => {
  const stages = [
    { stage: 'downloading' as const, weight: 40 },
    { stage: 'analyzing' as const, weight: 60 },
  ];
  const { get } = await openAdmin({ plans: { 'gate-camera': { ...plainPlan, stages } } });
  expect((await get('/api/stages?pipeline=detect')).body).toEqual({ probing: 1, analyzing: 97, packaging: 2 });
  expect((await get('/api/stages?pipeline=gate-camera')).body).toEqual({ downloading: 40, analyzing: 60 });
  expect(await get('/api/stages?pipeline=gate-camra')).toMatchObject({
    status: 404,
    body: { detail: 'There is no pipeline "gate-camra". Near: "gate-camera".' },
  });
  expect((await get('/api/stages?pipeline=toString')).status).toBe(404);
});

test('a task has its status under both paths, by its id or by the program’s own', async () => {
  const house = await openAdmin();
  const { id, createdAt } = house.submit({ behaviour: 'finishes', frames: 3 });
  const time = new Date(createdAt).toISOString();
  const body = {
    status: 'queued',
    progress: 0,
    message: 'Waiting in the queue.',
    video_id: id,
    process_task_id: id,
    created_at: time,
    updated_at: time,
  };
  expect(await house.get(`/api/status/${id}`)).toMatchObject({ status: 200, body });
  expect((await house.get(`/status/${id}`)).body).toEqual(body);
  await house.create('task_9');
  await house.tell('task_9', { progress: 25, status: 'transcribing' });
  expect((await house.get('/status/task_9')).body).toMatchObject({
    status: 'transcribing',
    progress: 25,
    message: 'Transcribing the video.',
    video_id: 'video-of-task_9',
  });
  await house.tell('task_9', { progress: 30, status: 'dancing' });
  const { body: other } = await house.get('/status/task_9');
  expect(other).toMatchObject({ status: 'processing', progress: 30, message: 'dancing.' });
});

test('a task that nobody knows, in whatever spelling, is not found', async () => {
  const { get } = await openAdmin();
  const unknown = ['nothing', '00000000-0000-4000-8000-000000000000', '%00', '..%2f..', '%', 'x'.repeat(3000)];
  for (const id of unknown) {
    for (const path of ['/api/status/', '/status/']) {
      expect(await get(path + id)).toMatchObject({ status: 404, body: { detail: 'Task not found' } });
    }
  }
});
