// Uploads that break, lie, drip, crowd or are huge, against the real daemon.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { form, formEnd, formType, type Part, partHead, tinyMp4 } from '../serve/form.ts';
import { RawClient } from '../serve/raw.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { tempData } from '../support/temp-data.ts';
import { recordFault, whole } from './table.ts';

vi.setConfig({ testTimeout: whole ? 600_000 : 60_000 });

const sample = fileURLToPath(new URL('../../models/demo/sample.mp4', import.meta.url));
/** For what takes no time on a machine that has nothing else to do. */
const patiently = { timeout: 20_000 };
const path = '/v1/video/submit?plugin_id=yolo&tool=detect';
const video: Part = { name: 'file', more: 'filename="clip.mp4"', content: tinyMp4 };
const note: Part = { name: 'note', content: 'x'.repeat(5000) };

const Jobs = z.object({
  count: z.number(),
  jobs: z.array(z.object({ job_id: z.string(), source_name: z.string(), status: z.string() })),
});

function requestHead(more: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\n${more}\r\n\r\n`;
}

function lengthOf(body: Uint8Array): string {
  return `Content-Length: ${body.length}`;
}

/** What a daemon holds, and what clients send it by hand. */
function visit(daemon: RunningDaemon) {
  const port = Number(new URL(daemon.url).port);
  const uploads = join(daemon.folder, 'uploads');
  const open = (...pieces: readonly (string | Uint8Array)[]): RawClient => {
    const client = new RawClient(port);
    onTestFinished(() => client.close());
    for (const piece of pieces) client.write(piece);
    return client;
  };
  const list = async () => Jobs.parse(await (await fetch(`${daemon.url}/v1/jobs?limit=100`)).json());
  /** Files on their way in, and folders of jobs that no row knows. */
  const leftovers = async () => {
    const known = new Set((await list()).jobs.map((job) => job.job_id));
    return [...readdirSync(uploads), ...readdirSync(join(daemon.folder, 'jobs')).filter((id) => !known.has(id))];
  };
  const coming = () => readdirSync(uploads).length;
  return { open, list, leftovers, coming };
}

/** The status line's number, of the first answer. */
function statusIn(received: string): number {
  return Number(/^HTTP\/1.1 (\d+)/.exec(received)?.[1]);
}

const answered = (received: string) =>
  received.includes('}') || received.includes('</p>') || received.includes('</h1>');

test('uploads that break off, lie about their length or are damaged get the right answer and leave nothing', async () => {
  const daemon = await startDaemon();
  const { open, list, leftovers, coming } = visit(daemon);
  const good = form([video]);
  const big = Buffer.concat([tinyMp4, randomBytes(2_000_000)]);
  const begun = requestHead('Content-Length: 50000000') + partHead(video);
  const chunk = (data: Uint8Array) => [`${data.length.toString(16)}\r\n`, data, '\r\n'];
  const twice = [video, { ...video, content: big }];
  const cases: readonly (readonly [string, readonly number[], readonly (string | Uint8Array)[]])[] = [
    ['a length that is too small', [400, 505], [requestHead('Content-Length: 60'), good]],
    ['a negative length', [400], [requestHead('Content-Length: -5'), good]],
    ['a length that is no number', [400], [requestHead('Content-Length: many'), good]],
    ['two lengths', [400, 505], [requestHead('Content-Length: 50\r\nContent-Length: 60'), good]],
    ['a length beside chunks', [400], [requestHead('Content-Length: 50\r\nTransfer-Encoding: chunked'), good]],
    ['no length and no chunks', [400], [requestHead('X-Nothing: 1'), good]],
    ['chunks', [200], [requestHead('Transfer-Encoding: chunked'), ...chunk(good), '0\r\n\r\n']],
    ['a chunk of nonsense', [400], [requestHead('Transfer-Encoding: chunked'), 'zz\r\n', good]],
    ['a form without its end', [400], [requestHead(lengthOf(good.subarray(30))), good.subarray(0, -30)]],
    ['two files', [422], [requestHead(lengthOf(form(twice))), form(twice)]],
    ['no file', [422], [requestHead(lengthOf(form([note]))), form([note])]],
    ['the file first', [200], [requestHead(lengthOf(form([video, note]))), form([video, note])]],
    ['the file last', [200], [requestHead(lengthOf(form([note, video]))), form([note, video])]],
  ];
  const fits = cases.filter(([, [status]]) => status === 200).length;
  for (const [kind, statuses, pieces] of cases) {
    const client = open(...pieces);
    expect(statuses, kind).toContain(statusIn(await client.until(answered)));
    client.close();
  }
  const cuts = whole ? 50 : 10;
  for (let cut = 0; cut < cuts; cut += 1) {
    const client = open(begun, big.subarray(0, Math.floor((big.length * cut) / cuts)));
    await expect.poll(coming, patiently).toBe(1);
    client.close();
  }
  // A length that is too large and a client that waits for its answer is ended for its silence: see below.
  await expect.poll(leftovers, patiently).toEqual([]);
  const { count } = await list();
  expect(count).toBe(fits);
  recordFault({
    fault: 'upload broken off, damaged, or of a wrong length',
    tried: cases.length - fits + cuts,
    jobsLost: fits - count,
    framesWrong: 0,
    recoveryMs: null,
  });
});

test('hostile file names are shown tamed and never reach the file system', async () => {
  const daemon = await startDaemon();
  const { open, list, leftovers } = visit(daemon);
  const names: readonly (readonly [string, string])[] = [
    ['filename="../../../../tmp/vedette-evil.mp4"', 'vedette-evil.mp4'],
    ['filename="/etc/cron.d/vedette-evil"', 'vedette-evil'],
    ['filename="a\0b.mp4"', 'ab.mp4'],
    ['filename="safe\u202e4pm.exe"', 'safe4pm.exe'],
    ['filename="quo\\"ted\\".mp4"', 'quo"ted".mp4'],
    ['filename="Zoë 日本 ⚽.mp4"', 'Zoë 日本 ⚽.mp4'],
    ["filename*=UTF-8''%e2%82%ac%20rates%2fx.mp4", 'x.mp4'],
    [`filename="${'n'.repeat(10_000)}.mp4"`, 'n'.repeat(255)],
    ['filename="<img src=x onerror=alert(1)>.mp4"', '<img src=x onerror=alert(1)>.mp4'],
  ];
  for (const [more, shown] of names) {
    const body = form([{ ...video, more }]);
    expect(statusIn(await open(requestHead(lengthOf(body)), body).until(answered)), more).toBe(200);
    expect((await list()).jobs[0]?.source_name, more).toBe(shown);
  }
  // A line break ends the header, and the form is no form any more.
  const broken = form([{ ...video, more: 'filename="a\r\nX-Injected: 1\r\n\r\nb.mp4"' }]);
  expect([200, 400]).toContain(statusIn(await open(requestHead(lengthOf(broken)), broken).until(answered)));
  expect(await leftovers()).toEqual([]);
  expect([existsSync('/tmp/vedette-evil.mp4'), existsSync('/etc/cron.d/vedette-evil')]).toEqual([false, false]);
  for (const { job_id } of (await list()).jobs) {
    const strange = readdirSync(join(daemon.folder, 'jobs', job_id)).filter((name) => /evil|exe|mp4|img/.test(name));
    expect(strange).toEqual([]);
  }
});

test('twenty uploads at once all come in, one more is told to wait, and polls are answered meanwhile', async () => {
  const daemon = await startDaemon();
  const { open, list, leftovers, coming } = visit(daemon);
  const most = 20;
  const body = form([{ ...video, content: Buffer.concat([tinyMp4, randomBytes(3_000_000)]) }]);
  const clients = Array.from({ length: most }, () => open(requestHead(lengthOf(body)), body.subarray(0, 1_000_000)));
  await expect.poll(coming, patiently).toBe(most);
  const refused = await open(requestHead(lengthOf(body)), body).until(answered);
  expect(statusIn(refused)).toBe(429);
  expect(refused).toMatch(/\r\nRetry-After: \d+\r\n/);
  expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
  for (const client of clients) client.write(body.subarray(1_000_000));
  for (const client of clients) expect(statusIn(await client.until(answered))).toBe(200);
  const { count } = await list();
  expect(count).toBe(most);
  expect(await leftovers()).toEqual([]);
  recordFault({
    fault: 'twenty uploads at once, and one more',
    tried: most + 1,
    jobsLost: most - count,
    framesWrong: 0,
    recoveryMs: null,
  });
});

test('a submit that is sent again makes no second job, not at the same time and not to the next daemon', async () => {
  const folder = tempData();
  const first = await startDaemon({ folder });
  const body = form([{ ...video, content: Buffer.concat([tinyMp4, randomBytes(300_000)]) }]);
  const Answer = z.object({ job_id: z.string() });
  const send = async ({ url }: RunningDaemon) => {
    const headers = { 'Content-Type': formType, 'Idempotency-Key': 'order-17' };
    const answer = await fetch(url + path, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    return Answer.parse(await answer.json()).job_id;
  };
  const tried = 8;
  const ids = await Promise.all(Array.from({ length: tried }, () => send(first)));
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await startDaemon({ folder });
  ids.push(await send(second));
  expect(new Set(ids).size).toBe(1);
  const { list, leftovers } = visit(second);
  const { count } = await list();
  expect([count, await leftovers()]).toEqual([1, []]);
  recordFault({
    fault: 'submit sent again under its Idempotency-Key, daemon killed between',
    tried,
    jobsLost: Math.max(1 - count, 0),
    framesWrong: 0,
    recoveryMs: null,
  });
});

test('a daemon killed in the middle of a resumable upload goes on with it, to the last frame', async () => {
  const content = readFileSync(sample);
  const half = Math.floor(content.length / 2);
  const folder = tempData();
  const first = await startDaemon({ folder });
  const headers = { 'Tus-Resumable': '1.0.0' };
  const metadata = Object.entries({ plugin_id: 'yolo', tool: 'detect', filename: 'a.mp4' })
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join();
  const created = await fetch(`${first.url}/v1/uploads`, {
    method: 'POST',
    headers: { ...headers, 'Upload-Length': String(content.length), 'Upload-Metadata': metadata },
  });
  const location = created.headers.get('location') ?? '';
  const { open } = visit(first);
  open(
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
      `Content-Type: application/offset+octet-stream\r\n${lengthOf(content)}\r\n\r\n`,
    content.subarray(0, half),
  );
  const part = join(folder, 'uploads/resumable', `${location.split('/').at(-1) ?? ''}.part`);
  await expect.poll(() => statSync(part).size, patiently).toBe(half);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');

  const killed = performance.now();
  const second = await startDaemon({ folder });
  const { url } = second;
  const asked = await fetch(url + location, { method: 'HEAD', headers });
  const recoveryMs = Math.round(performance.now() - killed);
  expect(asked.headers.get('upload-offset')).toBe(String(half));
  const last = await fetch(url + location, {
    method: 'PATCH',
    headers: { ...headers, 'Upload-Offset': String(half), 'Content-Type': 'application/offset+octet-stream' },
    body: content.subarray(half),
  });
  expect(last.status).toBe(204);
  const id = last.headers.get('vedette-job-id') ?? '';
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(readFileSync(join(folder, 'jobs', id, 'input')))).toBe(sha256(content));
  if (!whole) return; // the analysis takes its time
  await second.logged('ready for jobs');
  const Item = z.object({ status: z.string(), summary: z.object({ frame_count: z.number() }).nullable() });
  const job = async () => Item.parse(await (await fetch(`${url}/v1/jobs/${id}`)).json());
  await expect.poll(async () => (await job()).status, { timeout: 50_000, interval: 250 }).toBe('completed');
  const { summary } = await job();
  const framesWrong = Math.abs(350 - (summary?.frame_count ?? 0));
  expect(framesWrong).toBe(0);
  recordFault({ fault: 'daemon killed in a resumable upload', tried: 1, jobsLost: 0, framesWrong, recoveryMs });
});

test.runIf(whole)('uploads that drip and connections that send no request end by themselves', async () => {
  const daemon = await startDaemon();
  const { open, list, leftovers } = visit(daemon);
  const tooLarge = form([video]);
  const drips = Array.from({ length: 15 }, () =>
    open(requestHead('Content-Length: 50000000') + partHead(video), tinyMp4),
  );
  drips.push(open(requestHead(`Content-Length: ${tooLarge.length + 5000}`), tooLarge));
  const silent = Array.from({ length: 200 }, () => open());
  const halfHeads = Array.from({ length: 200 }, () => open('GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n'));
  const began = performance.now();
  const drip = setInterval(() => {
    for (const client of drips) client.write('x');
    for (const client of halfHeads) client.write('X-A: b\r\n');
  }, 3000);
  onTestFinished(() => clearInterval(drip));
  const good = form([video]);
  expect(statusIn(await open(requestHead(lengthOf(good)), good).until(answered))).toBe(200);
  for (const client of drips) {
    const received = await client.until(answered);
    expect([statusIn(received), received]).toEqual([400, expect.stringContaining('too slow or stalled')]);
  }
  const recoveryMs = Math.round(performance.now() - began);
  for (const client of [...silent, ...halfHeads]) await client.closed();
  expect(recoveryMs).toBeLessThan(45_000);
  await expect.poll(leftovers, patiently).toEqual([]);
  const { count } = await list();
  expect(count).toBe(1);
  const tried = drips.length + silent.length + halfHeads.length;
  recordFault({
    fault: 'upload that drips, connection without a request',
    tried,
    jobsLost: 1 - count,
    framesWrong: 0,
    recoveryMs,
  });
});

test.runIf(whole)('five gigabytes go through in bounded memory', async ({ skip, annotate }) => {
  const bytes = 5e9;
  const folder = tempData();
  const { bavail, bsize } = await statfs(folder);
  skip(bavail * bsize < 2 * bytes, 'less than 10 GB are free');
  const daemon = await startDaemon({ folder });
  const { open, list, leftovers } = visit(daemon);
  const source = join(folder, 'sparse.mp4');
  writeFileSync(source, tinyMp4);
  truncateSync(source, bytes);
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.child.pid ?? 0}/status`, 'utf8'))?.[1]) / 1024;
  const before = memory();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, memory())), 50);
  onTestFinished(() => clearInterval(watch));
  const began = performance.now();
  const head = partHead(video);
  const client = open(requestHead(`Content-Length: ${head.length + bytes + formEnd.length}`), head);
  for await (const block of createReadStream(source, { highWaterMark: 1024 * 1024 })) {
    if (!client.socket.write(block as Buffer)) await once(client.socket, 'drain');
  }
  client.write(formEnd);
  expect(statusIn(await client.until(answered))).toBe(200);
  const seconds = (performance.now() - began) / 1000;
  const [job] = (await list()).jobs;
  expect(statSync(join(folder, 'jobs', job?.job_id ?? '', 'input')).size).toBe(bytes);
  expect(await leftovers()).toEqual([]);
  const measured = `5 GB in ${seconds.toFixed(0)} s, ${(most - before).toFixed(0)} MiB more memory`;
  expect(most - before, measured).toBeLessThan(128);
  await annotate(measured);
  recordFault({ fault: 'upload of 5 GB', tried: 1, jobsLost: job ? 0 : 1, framesWrong: 0, recoveryMs: null });
});
