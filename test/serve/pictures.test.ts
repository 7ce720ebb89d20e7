// A job for the eye, through the whole appliance: pictures while somebody looks, the poster, the timeline.
import { openAsBlob, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { JobItem } from '../../appliance/contract/api.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../appliance/contract/events.ts';
import { objectsIn } from '../../appliance/contract/found.ts';
import { jobFiles } from '../../appliance/contract/frame.ts';
import { type PreviewView, Sight } from '../../appliance/contract/preview.ts';
import { Timeline } from '../../appliance/contract/timeline.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { Timelines } from '../../appliance/daemon/results/timeline.ts';
import { pictureRoutes } from '../../appliance/daemon/serve/picture-routes.ts';
import { FramePage, JobDetails } from '../../appliance/daemon/serve/schemas.ts';
import { RecordOf } from '../publish/record-of.ts';
import { frameLine } from '../results/frames.ts';
import { startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { openWeb, read } from './house.ts';
import { MemoryDesk } from './memory-desk.ts';

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));

async function submit(url: string): Promise<string> {
  const form = new FormData();
  form.set('file', await openAsBlob(sample), 'conveyor.mp4');
  const query = 'plugin_id=yolo-tracker&tool=video_player_detection';
  const answer = await fetch(`${url}/v1/video/submit?${query}`, { method: 'POST', body: form });
  return z.object({ job_id: z.uuid() }).parse(await answer.json()).job_id;
}

function connect(url: string) {
  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, { transports: ['websocket'] });
  onTestFinished(() => void socket.disconnect());
  const previews = new RecordOf<PreviewView>();
  const ended = new RecordOf<JobItem>();
  socket.on('preview', previews.add);
  socket.on('job', (job) => {
    if (job.completed_at !== null) ended.add(job);
  });
  const watching = new Promise<unknown>((resolve) => socket.emit('watch', { all: true }, resolve));
  const look = (target: { preview?: boolean }) => new Promise((resolve) => socket.emit('look', target, resolve));
  return { previews, ended, watching, look };
}

/** Width and height by the frame header, SOF0 (ITU-T T.81, B.2.2). */
function jpegSize(jpeg: Buffer): [width: number, height: number] {
  expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  const header = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  return [jpeg.readUInt16BE(header + 7), jpeg.readUInt16BE(header + 5)];
}

test('who looks sees a job while it runs; a poster and a timeline are left of it', { timeout: 180_000 }, async () => {
  const daemon = await startDaemon();
  await daemon.logged('ready for jobs');
  const [looker, other] = [connect(daemon.url), connect(daemon.url)];
  await Promise.all([looker.watching, other.watching, looker.look({ preview: true })]);
  const id = await submit(daemon.url);
  const job = JobItem.parse(await looker.ended.find(({ job_id: ended }) => ended === id));
  expect(job).toMatchObject({ status: 'completed', poster_url: `/v1/jobs/${id}/poster` });

  expect(looker.previews.all.length).toBeGreaterThan(1);
  expect(other.previews.all).toEqual([]);
  for (const preview of looker.previews.all) {
    const sight = Sight.parse(preview);
    expect(jpegSize(Buffer.from(preview.picture as Uint8Array))).toEqual([sight.width, sight.height]);
    expect(Math.max(sight.width, sight.height)).toBeLessThanOrEqual(640);
    const page = await read(`${daemon.url}/v1/jobs/${id}/frames?offset=${sight.frame_index}&limit=1`);
    const [frame] = FramePage.parse(page.body).frames;
    const found = frame ? objectsIn(frame) : [];
    expect([frame?.frame_index, frame?.pts_s]).toEqual([sight.frame_index, sight.pts_s]);
    expect(sight.objects.map(({ box, class: name, confidence }) => [box, name, confidence])).toEqual(
      found.map(({ box, className, confidence }) => [box, className, confidence]),
    );
  }
  const metrics = await (await fetch(`${daemon.url}/metrics`)).text();
  expect(metrics).toContain(`vedette_previews_total{outcome="told"} ${looker.previews.all.length}`);

  const poster = await fetch(`${daemon.url}/v1/jobs/${id}/poster`);
  expect([poster.status, poster.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  expect(poster.headers.get('cache-control')).toContain('private');
  const [width, height] = jpegSize(Buffer.from(await poster.arrayBuffer()));
  expect(width / height).toBeCloseTo((job.source?.width ?? 0) / (job.source?.height ?? 1), 1);
  const again = { headers: { 'If-None-Match': poster.headers.get('etag') ?? '' } };
  expect((await fetch(`${daemon.url}/v1/jobs/${id}/poster`, again)).status).toBe(304);

  const timeline = Timeline.parse((await read(`${daemon.url}/v1/jobs/${id}/timeline?bins=50`)).body);
  const details = JobDetails.parse((await read(`${daemon.url}/v1/jobs/${id}`)).body);
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  expect(sum(timeline.frames)).toBe(details.results?.results.summary.total_frames);
  const classes = timeline.classes.map((one) => [one.class, sum(one.detections)]);
  expect(Object.fromEntries(classes)).toEqual(details.results?.results.summary.classes);

  const late = await read(`${daemon.url}/v1/jobs/${id}/preview`);
  expect(late).toMatchObject({ status: 404, body: { detail: 'No preview: the job is completed' } });
});

test(
  'a client that polls sees a running job as well; of one that is cancelled a poster is left',
  { timeout: 180_000 },
  async () => {
    const daemon = await startDaemon();
    await daemon.logged('ready for jobs');
    const client = connect(daemon.url);
    await client.watching;
    await client.look({ preview: true });
    await client.look({});
    const id = await submit(daemon.url);
    let answer = await fetch(`${daemon.url}/v1/jobs/${id}/preview`);
    while (answer.status === 404) {
      expect(z.object({ detail: z.string() }).parse(await answer.json()).detail).toMatch(/^No preview/);
      expect(client.ended.all).toEqual([]);
      await wait(50); // as a client that polls does
      answer = await fetch(`${daemon.url}/v1/jobs/${id}/preview`);
    }
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(jpegSize(Buffer.from(await answer.arrayBuffer()))[0]).toBeGreaterThan(100);
    expect(client.previews.all).toEqual([]);

    await fetch(`${daemon.url}/v1/jobs/${id}`, { method: 'DELETE' });
    const cancelled = await client.ended.find(({ job_id: ended }) => ended === id);
    expect(cancelled).toMatchObject({ status: 'cancelled', poster_url: `/v1/jobs/${id}/poster` });
    expect((await fetch(`${daemon.url}/v1/jobs/${id}/poster`)).status).toBe(200);
  },
);

test('what is not there is told so, and what makes no sense is named', async () => {
  const jobsDir = tempData();
  const desk = new MemoryDesk(jobsDir);
  const [results, timelines] = [new Results({ jobsDir }), new Timelines({ jobsDir })];
  const { url } = await openWeb(pictureRoutes({ desk, results, timelines, glance: () => null }));
  const job = desk.put({ status: 'running' });
  const of = (path: string, id = job.id) => read(`${url}/v1/jobs/${id}/${path}`);
  const none = { detail: 'No preview yet; it is made while you ask for it' };
  expect(await of('preview')).toMatchObject({ status: 404, body: none });
  for (const empty of [false, true]) {
    if (empty) writeFileSync(join(jobsDir, job.id, jobFiles.poster), '');
    expect(await of('poster')).toMatchObject({ status: 404, body: { detail: 'Poster not found' } });
  }
  for (const path of ['preview', 'poster', 'timeline']) {
    const unknown = await of(path, '00000000-0000-4000-8000-000000000000');
    expect(unknown).toMatchObject({ status: 404, body: { detail: 'Job not found' } });
  }
  writeFileSync(join(jobsDir, job.id, jobFiles.frames), Array.from({ length: 50 }, (_, at) => frameLine(at)).join(''));
  expect((await of('timeline?from=0.5&to=1&bins=2')).body).toMatchObject({ from_s: 0.5, to_s: 1, frames: [6, 7] });
  expect(Timeline.parse((await of('timeline')).body).frames).toHaveLength(240);
  for (const [wrong, name] of [
    ['bins=0', 'bins'],
    ['bins=1001', 'bins'],
    ['from=-1', 'from'],
    ['from=2&to=1', 'to'],
    ['to=soon', 'to'],
  ] as const) {
    const answer = await of(`timeline?${wrong}`);
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['query', name] }] } });
  }
});
