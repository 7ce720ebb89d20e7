// An annotated video the whole way: asked for on submit, made by a confined worker, played and saved over HTTP.
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobItem } from '../../appliance/contract/api.ts';
import { startDaemon } from '../support/daemon.ts';
import { MediaFolder, noFfmpeg } from '../support/worker-media.ts';
import { boxesOf, shownAt, streamOf } from '../worker/annotate/work.ts';

const why = noFfmpeg === null ? '' : ` (${noFfmpeg})`;

test.skipIf(noFfmpeg !== null)(`annotated=true makes a video that is played from any place${why}`, async () => {
  const media = await MediaFolder.open();
  onTestFinished(() => media.close());
  const clip = await media.make(
    'clip.mp4',
    ...media.pattern('160x96', 25, 2),
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
  );
  const { url, folder } = await startDaemon();
  const submit = async (query: string) => {
    const body = new FormData();
    body.set('file', await openAsBlob(clip), 'A day.mp4');
    const answer = await fetch(`${url}/v1/video/submit?plugin_id=yolo&tool=track${query}`, { method: 'POST', body });
    return ((await answer.json()) as { job_id: string }).job_id;
  };
  const jobOf = async (id: string) => (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as JobItem;
  const id = await submit('&annotated=true');
  const path = `${url}/v1/jobs/${id}/video?annotated=1`;
  const early = await fetch(path);
  expect([early.status, await early.json()]).toEqual([
    404,
    { detail: 'The annotated video is there when the job is completed' },
  ]);
  await expect.poll(async () => (await jobOf(id)).status, { timeout: 50_000, interval: 200 }).toBe('completed');
  const job = await jobOf(id);
  expect(job).toMatchObject({ annotated_url: `/v1/jobs/${id}/video?annotated=1`, warnings: [] });

  const part = await fetch(path, { headers: { Range: 'bytes=4-7' } });
  expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'video/mp4', 'ftyp']);
  const whole = await fetch(`${path}&download=1`);
  expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="A_day-${id.slice(0, 8)}-annotated.mp4"`);
  const file = join(folder, 'saved.mp4');
  await writeFile(file, Buffer.from(await whole.arrayBuffer()));
  expect(await boxesOf(file)).toEqual(['ftyp', 'moov', 'mdat']);
  expect(await streamOf(file, 'v:0')).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p' });
  expect(await shownAt(file)).toHaveLength(job.summary?.frame_count ?? 0);

  const without = await fetch(`${url}/v1/jobs/${await submit('')}/video?annotated=1`);
  expect([without.status, await without.json()]).toEqual([
    404,
    { detail: 'This job has no annotated video: submit with annotated=true to get one' },
  ]);
});
