// The clips of a job over HTTP: their list, each with Range and as a download, its picture.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ClipView } from '../../appliance/contract/api.ts';
import { noProducts } from '../../appliance/contract/products.ts';
import { Results } from '../../appliance/daemon/results/results.ts';
import { clipRoutes } from '../../appliance/daemon/serve/clip-routes.ts';
import { tempData } from '../support/temp-data.ts';
import { openWeb, read } from './house.ts';
import { MemoryDesk } from './memory-desk.ts';

const seen = { class: 'person', seen_from_s: 3, seen_to_s: 5, from_s: 1.2, to_s: 7, best: 0.91 };
const clips = [
  { ...seen, number: 1, bytes: 26, type: 'video/mp4' as const, poster: true },
  { ...seen, number: 3, bytes: 5, type: 'video/x-matroska' as const, poster: false },
];

async function openShelf() {
  const jobsDir = tempData();
  const desk = new MemoryDesk(jobsDir);
  const { url } = await openWeb(clipRoutes({ desk, results: new Results({ jobsDir }) }));
  const job = desk.put({ status: 'completed', sourceName: 'gate "north".mp4', products: { ...noProducts, clips } });
  const folder = join(jobsDir, job.id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'clip-0001.mp4'), 'abcdefghijklmnopqrstuvwxyz');
  writeFileSync(join(folder, 'clip-0001.jpg'), 'picture');
  writeFileSync(join(folder, 'clip-0003.mkv'), 'other');
  return { desk, job, folder, of: (path: string) => `${url}/v1/jobs/${job.id}/${path}`, url };
}

test('are listed with where they and their pictures are', async () => {
  const { of, job } = await openShelf();
  const { body } = await read(of('clips'));
  const listed = z.object({ clips: z.array(ClipView) }).parse(body).clips;
  expect(listed.map(({ number, url, poster_url }) => [number, url, poster_url])).toEqual([
    [1, `/v1/jobs/${job.id}/clips/1`, `/v1/jobs/${job.id}/clips/1/poster`],
    [3, `/v1/jobs/${job.id}/clips/3`, null],
  ]);
});

test('are read whole, in part, and as a file with a name that harms nobody', async () => {
  const { of } = await openShelf();
  const whole = await fetch(of('clips/1'));
  expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
    200,
    'video/mp4',
    'abcdefghijklmnopqrstuvwxyz',
  ]);
  const part = await fetch(of('clips/1'), { headers: { Range: 'bytes=2-4' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/26', 'cde']);
  expect((await fetch(of('clips/1'), { headers: { Range: 'bytes=99-' } })).status).toBe(416);
  const saved = await fetch(of('clips/3?download=1'));
  expect(saved.headers.get('content-type')).toBe('video/x-matroska');
  expect(saved.headers.get('content-disposition')).toMatch(/^attachment; filename="gate_north_-\w{8}-clip-0003\.mkv"$/);
  const poster = await fetch(of('clips/1/poster'));
  expect([poster.headers.get('content-type'), await poster.text()]).toEqual(['image/jpeg', 'picture']);
});

test('that are not there are told so', async () => {
  const { of, url, folder, desk } = await openShelf();
  for (const path of ['clips/2', 'clips/2/poster', 'clips/3/poster']) {
    expect(await read(of(path))).toMatchObject({ status: 404, body: { detail: expect.any(String) as string } });
  }
  rmSync(join(folder, 'clip-0001.mp4'));
  expect(await read(of('clips/1'))).toMatchObject({
    status: 404,
    body: { detail: 'The clip is no longer on the disk' },
  });
  for (const path of ['clips/0', 'clips/-1', 'clips/..%2finput', 'clips/one']) {
    expect((await read(of(path))).status, path).toBe(422);
  }
  const unknown = `${url}/v1/jobs/00000000-0000-4000-8000-000000000000/clips`;
  expect(await read(unknown)).toMatchObject({ status: 404, body: { detail: 'Job not found' } });
  const plain = desk.put({ status: 'running' });
  expect((await read(`${url}/v1/jobs/${plain.id}/clips`)).body).toEqual({ clips: [] });
});
