// A tracking job through the real daemon: asked for by its alias, followed to its end, read in every form.
import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { JobItem } from '../../appliance/contract/api.ts';
import { Summary, TrackedFrame } from '../../appliance/contract/frame.ts';
import { startDaemon } from '../support/daemon.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
const Submitted = z.object({ job_id: z.uuid(), tool: z.string() });
const Results = z.object({
  results: z.object({
    tool: z.string(),
    results: z.object({ frames: z.array(TrackedFrame.strict()), summary: Summary }),
  }),
});

test('a video is tracked from upload to export', { timeout: 120_000 }, async () => {
  const daemon = await startDaemon();
  await daemon.logged('ready for jobs');
  const get = async (path: string) => {
    const answer = await fetch(`${daemon.url}${path}`);
    expect(answer.status, path).toBe(200);
    return answer;
  };

  const manifest: unknown = await (await get('/v1/plugins/yolo-tracker/manifest')).json();
  const tool = { id: 'video_player_tracking', input_types: ['video'], output_types: ['video_tracks'] };
  expect(manifest).toMatchObject({ tools: expect.arrayContaining([expect.objectContaining(tool)]) as unknown });

  const form = new FormData();
  form.set('file', await openAsBlob(sample), 'conveyor.mp4');
  const answer = await fetch(`${daemon.url}/v1/video/submit?plugin_id=yolo&tool=track`, { method: 'POST', body: form });
  expect(answer.status).toBe(200);
  const submitted = Submitted.parse(await answer.json());
  expect(submitted.tool).toBe('track'); // as it was asked for
  const id = submitted.job_id;

  const job = async () =>
    JobItem.pick({ status: true, summary: true, current_frame: true }).parse(
      await (await get(`/v1/jobs/${id}`)).json(),
    );
  await expect.poll(async () => (await job()).status, { timeout: 60_000 }).toBe('completed');

  const { results } = Results.parse(await (await get(`/v1/video/results/${id}`)).json());
  const { frames, summary } = results.results;
  const ids = new Set(frames.flatMap(({ detections }) => detections.tracked_objects.map((object) => object.track_id)));
  expect(results.tool).toBe('video_player_tracking');
  expect(frames).toHaveLength(350);
  expect(Object.values(summary.tracks ?? {}).reduce((sum, count) => sum + count, 0)).toBe(ids.size);
  expect((await job()).summary).toMatchObject({ frame_count: 350, detection_count: summary.total_detections });

  const csv = await (await get(`/v1/jobs/${id}/result?format=csv`)).text();
  expect(csv.split('\r\n')[0]).toMatch(/,track_id$/);
  expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + summary.total_detections);
  expect(await (await get(`/v1/jobs/${id}/result?format=coco`)).text()).toContain('"attributes":{"track_id":1}');
  expect(await daemon.stop()).toBe(0);
});
