// Resumable uploads: the clauses of tus 1.0 (https://tus.io/protocols/resumable-upload), and what becomes of the file.
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import { tinyMp4 } from './form.ts';
import { type HouseOptions, openHouse } from './house.ts';
import { rawRequest } from './raw.ts';

const named = { plugin_id: 'yolo', tool: 'detect', filename: 'clip.mp4' };

function metadata(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

async function openTus(options: HouseOptions = {}) {
  const house = await openHouse(options);
  const resumableDir = join(house.uploadsDir, 'resumable');
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body: Buffer | null = null) =>
    fetch(house.url + path, { method, headers: { 'Tus-Resumable': '1.0.0', ...headers }, body });
  const begin = (length: number, fields: Readonly<Record<string, string>> = named) =>
    ask('POST', '/v1/uploads', { 'Upload-Length': String(length), 'Upload-Metadata': metadata(fields) });
  const patch = (path: string, offset: number, body: Buffer) =>
    ask('PATCH', path, { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, body);
  const head = async (path: string) => {
    const { status, headers } = await ask('HEAD', path);
    return { status, offset: headers.get('upload-offset'), jobId: headers.get('vedette-job-id'), headers };
  };
  const begun = async (length: number) => (await begin(length)).headers.get('location') ?? '';
  return {
    ...house,
    ask,
    begin,
    begun,
    patch,
    head,
    resumableDir,
    left: () => (existsSync(resumableDir) ? readdirSync(resumableDir) : []),
  };
}

test('an upload in pieces becomes the input of a job, whose id its answers name', async () => {
  const { begin, patch, head, desk, jobsDir, left } = await openTus();
  const content = Buffer.concat([tinyMp4, randomBytes(3_000_000)]);
  const created = await begin(content.length);
  expect(created.status).toBe(201);
  expect(created.headers.get('upload-expires')).toMatch(/GMT$/);
  const location = created.headers.get('location') ?? '';
  expect(location).toMatch(/^\/v1\/uploads\/[0-9a-f-]{36}$/);
  expect(await head(location)).toMatchObject({ status: 200, offset: '0', jobId: null });
  const first = await patch(location, 0, content.subarray(0, 1_000_000));
  expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '1000000']);
  expect(first.headers.get('content-length')).toBeNull();
  const between = await head(location);
  expect(between).toMatchObject({ offset: '1000000', jobId: null });
  expect(between.headers.get('upload-length')).toBe(String(content.length));
  expect(between.headers.get('upload-metadata')).toBe(metadata(named));
  expect(between.headers.get('cache-control')).toBe('no-store');
  expect(desk.jobs).toEqual([]);
  const last = await patch(location, 1_000_000, content.subarray(1_000_000));
  const [job] = desk.jobs;
  expect([last.status, last.headers.get('vedette-job-id')]).toEqual([204, job?.id]);
  expect(location).toContain(job?.id);
  expect(job).toMatchObject({
    ...{ pluginId: 'yolo-tracker', tools: ['video_player_detection'], sourceName: 'clip.mp4' },
    ...{ sourceBytes: content.length, sourceType: 'video/mp4' },
  });
  expect(readFileSync(join(jobsDir, job?.id ?? '', 'input')).equals(content)).toBe(true);
  expect(left()).toEqual([]);
  // The answer to the last piece may be lost: to ask, or to send it again, tells the same.
  expect(await head(location)).toMatchObject({ status: 200, offset: String(content.length), jobId: job?.id });
  const again = await patch(location, content.length, Buffer.alloc(0));
  expect([again.status, again.headers.get('vedette-job-id')]).toEqual([204, job?.id]);
  expect(desk.jobs).toHaveLength(1);
});

test('a connection that breaks loses nothing of what has come', async () => {
  const { begun, patch, head, port, desk, jobsDir } = await openTus();
  const content = Buffer.concat([tinyMp4, randomBytes(2_000_000)]);
  const location = await begun(content.length);
  const client = rawRequest(
    port,
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
      `Content-Type: application/offset+octet-stream\r\nContent-Length: ${content.length}\r\n\r\n`,
  );
  client.write(content.subarray(0, 700_000));
  const part = join(jobsDir, '..', 'uploads', 'resumable', `${location.split('/').at(-1) ?? ''}.part`);
  await expect.poll(() => readFileSync(part).length, { timeout: 10_000 }).toBe(700_000);
  client.close();
  expect(await head(location)).toMatchObject({ offset: '700000' });
  expect((await patch(location, 700_000, content.subarray(700_000))).headers.get('vedette-job-id')).not.toBeNull();
  expect(readFileSync(join(jobsDir, desk.jobs[0]?.id ?? '', 'input')).equals(content)).toBe(true);
});

test('who comes back while the old connection still hangs takes the upload over', async () => {
  const { begun, patch, head, port, desk, jobsDir, resumableDir } = await openTus();
  const content = Buffer.concat([tinyMp4, randomBytes(500_000)]);
  const location = await begun(content.length);
  const hung = rawRequest(
    port,
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
      `Content-Type: application/offset+octet-stream\r\nContent-Length: ${content.length}\r\n\r\n`,
  );
  onTestFinished(() => hung.close());
  hung.write(content.subarray(0, 100_000));
  const part = join(resumableDir, `${location.split('/').at(-1) ?? ''}.part`);
  await expect.poll(() => readFileSync(part).length, { timeout: 10_000 }).toBe(100_000);
  const { offset } = await head(location);
  expect(offset).toBe('100000');
  expect((await patch(location, 100_000, content.subarray(100_000))).status).toBe(204);
  expect(readFileSync(join(jobsDir, desk.jobs[0]?.id ?? '', 'input')).equals(content)).toBe(true);
});

test('requests that do not fit the protocol are refused in the words of the API, with the version', async () => {
  const { ask, begin, begun, patch, desk, left } = await openTus();
  const refused = async (answer: Promise<Response>) => {
    const { status, headers } = await answer;
    expect(headers.get('tus-resumable')).toBe('1.0.0');
    return status;
  };
  const other = await ask('POST', '/v1/uploads', { 'Tus-Resumable': '0.2.2', 'Upload-Length': '5' });
  expect([other.status, other.headers.get('tus-version')]).toEqual([412, '1.0.0']);
  expect(await refused(ask('POST', '/v1/uploads', { 'Upload-Metadata': metadata(named) }))).toBe(400);
  expect(await refused(begin(83, { plugin_id: 'nobody', tool: 't' }))).toBe(400);
  expect(await refused(begin(83, { filename: 'a.mp4' }))).toBe(422);
  expect(await refused(begin(1e12))).toBe(413);
  expect(left()).toEqual([]);
  const location = await begun(83);
  expect(await refused(patch(location, 5, tinyMp4))).toBe(409);
  expect(await refused(patch(location, 0, Buffer.concat([tinyMp4, tinyMp4])))).toBe(413);
  expect(await refused(patch(`/v1/uploads/${randomUUID()}`, 0, tinyMp4))).toBe(404);
  expect((await ask('HEAD', '/v1/uploads/..%2f..%2fetc')).status).toBe(422);
  expect(await refused(ask('DELETE', location))).toBe(204);
  expect(await refused(ask('DELETE', location))).toBe(404);
  expect(left()).toEqual([]);
  expect(desk.jobs).toEqual([]);
  const options = await ask('OPTIONS', '/v1/uploads');
  expect(options.status).toBe(204);
  expect(options.headers.get('tus-extension')).toBe('creation,termination,expiration');
  expect(options.headers.get('tus-max-size')).toBe(String(64 * 1024 * 1024));
});

test('a file that is no video is refused when it is whole, and is gone then', async () => {
  const { begun, patch, head, desk, left } = await openTus();
  const location = await begun(12);
  const answer = await patch(location, 0, Buffer.from('not a video!'));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('Invalid MP4 file') as string });
  expect(await head(location)).toMatchObject({ status: 404 });
  expect([desk.jobs, left()]).toEqual([[], []]);
});

test('no space and a full queue are told as to a submit; a whole upload waits for its place', async () => {
  const disk = { full: true };
  const admit = () => (disk.full ? Promise.reject(new Fault('disk-full', 'Not enough space')) : Promise.resolve());
  const { begin, begun, patch, head, desk, left } = await openTus({
    tus: { space: { admit, release: () => undefined } },
  });
  expect((await begin(83)).status).toBe(507);
  disk.full = false;
  const location = await begun(83);
  desk.full = true;
  expect((await begin(83)).status).toBe(429);
  const late = await patch(location, 0, tinyMp4);
  expect([late.status, late.headers.get('retry-after')]).toEqual([429, '10']);
  expect(await head(location)).toMatchObject({ status: 429 });
  desk.full = false;
  expect(await head(location)).toMatchObject({ status: 200, offset: '83', jobId: desk.jobs[0]?.id });
  expect(desk.jobs).toHaveLength(1);
  expect(left()).toEqual([]);
});

test('a new daemon goes on with what an old one left, makes a job of what came whole, and forgets what is too old', async () => {
  const old = await openTus();
  const [cut, whole, stale, torn] = [
    await old.begun(83),
    await old.begun(83),
    await old.begun(83),
    await old.begun(83),
  ];
  const moved = await old.begun(83);
  const movedDir = join(old.jobsDir, moved.split('/').at(-1) ?? '');
  mkdirSync(movedDir);
  writeFileSync(join(movedDir, 'input'), tinyMp4);
  const file = (location: string, kind: string) =>
    join(old.resumableDir, `${location.split('/').at(-1) ?? ''}.${kind}`);
  await old.patch(cut, 0, tinyMp4.subarray(0, 40));
  writeFileSync(file(whole, 'part'), tinyMp4);
  const made = new Date(Date.now() - 25 * 3_600_000).toISOString();
  writeFileSync(file(stale, 'json'), JSON.stringify({ size: 83, metadata: {}, made }));
  writeFileSync(file(torn, 'json'), '{"size":8');
  await old.web.close();
  const house = await openTus({ folder: old.folder });
  expect(house.desk.jobs.map(({ id }) => `/v1/uploads/${id}`).sort()).toEqual([whole, moved].sort());
  expect(readFileSync(join(movedDir, 'input')).equals(tinyMp4)).toBe(true);
  for (const location of [stale, torn]) expect(await house.head(location)).toMatchObject({ status: 404 });
  expect(await house.head(cut)).toMatchObject({ offset: '40' });
  expect((await house.patch(cut, 40, tinyMp4.subarray(40))).status).toBe(204);
  expect(house.desk.jobs).toHaveLength(3);
  expect(house.left()).toEqual([]);
});

test('only so many uploads may be unfinished, and the gate holds for them as for all', async () => {
  const { begin } = await openTus({ tus: { most: 2 } });
  expect([(await begin(83)).status, (await begin(83)).status, (await begin(83)).status]).toEqual([201, 201, 429]);
  const locked = await openTus({ gate: { keyHashes: ['00'.repeat(32)] } });
  expect((await locked.begin(83)).status).toBe(401);
});
