// Uploads: what is accepted, what is refused and in which words, and that nothing stays behind.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import { cleanUploads } from '../../appliance/daemon/serve/upload.ts';
import { tempData } from '../support/temp-data.ts';
import { boundary, form, formEnd, formType, partHead, tinyMp4, videoForm } from './form.ts';
import { type HouseOptions, openHouse, read } from './house.ts';
import { rawRequest } from './raw.ts';

const submit = '/v1/video/submit?plugin_id=yolo-tracker&tool=video_player_detection';

async function openSubmit(options: HouseOptions = {}) {
  const house = await openHouse(options);
  const send = (init: RequestInit, query = submit) => read(house.url + query, init);
  const leftovers = () => [...readdirSync(house.uploadsDir), ...readdirSync(house.jobsDir)];
  return { ...house, send, leftovers };
}

/** Chunked: without Content-Length. */
function streamed(body: Buffer): RequestInit {
  return { ...videoForm(), body: new Blob([body]).stream(), duplex: 'half' };
}

test('a video becomes the input of a new job, byte for byte', async () => {
  const { send, desk, jobsDir, uploadsDir } = await openSubmit();
  const content = Buffer.concat([tinyMp4, randomBytes(3_000_000)]);
  const { status, body } = await send(videoForm(content));
  expect(status).toBe(200);
  const [job] = desk.jobs;
  expect(body).toEqual({
    job_id: job?.id,
    plugin: 'yolo-tracker',
    tool: 'video_player_detection',
    status: 'queued',
    submitted_at: new Date(job?.createdAt ?? 0).toISOString(),
  });
  expect(job).toMatchObject({ sourceName: 'clip.mp4', sourceBytes: content.length, sourceType: 'video/mp4' });
  expect(readFileSync(join(jobsDir, job?.id ?? '', 'input')).equals(content)).toBe(true);
  expect(readdirSync(uploadsDir)).toEqual([]);
});

test('83 bytes with the right magic are accepted, and aliases name the canonical tool', async () => {
  expect(tinyMp4.length).toBe(83);
  const { send, desk } = await openSubmit();
  const { status, body } = await send(videoForm(), '/v1/video/submit?plugin_id=yolo&tool=detect');
  expect({ status, body }).toMatchObject({ status: 200, body: { plugin: 'yolo', tool: 'detect' } });
  expect(desk.jobs[0]).toMatchObject({ pluginId: 'yolo-tracker', tools: ['video_player_detection'] });
});

test('the checks of submit come in their order and in the words of the older dialect', async () => {
  const { send, desk, leftovers } = await openSubmit();
  const at = (query: string) => send(videoForm('not a video'), `/v1/video/submit?${query}`);
  expect(await at('plugin_id=p&tool=t')).toMatchObject({ status: 400, body: { detail: "Plugin 'p' not found" } });
  expect(await at('plugin_id=yolo&tool=t')).toMatchObject({
    status: 400,
    body: {
      detail:
        "Tool 't' not found in plugin 'yolo'. Available: ['player_detection', 'video_player_detection', 'video_player_tracking']",
    },
  });
  expect(await at('plugin_id=yolo&tool=detect')).toMatchObject({
    status: 400,
    body: {
      detail:
        'Invalid MP4 file: expected MP4/MOV, Matroska/WebM, AVI, MPEG-TS/PS or Ogg, ' +
        'but it begins with 6e 6f 74 20 61 20 76 69 ("not a vi")',
    },
  });
  expect(await at('plugin_id=yolo&tool=detect&tool=t')).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("Tool 't' not found") as string },
  });
  expect(await at('tool=detect')).toMatchObject({
    status: 422,
    body: { detail: [{ type: 'missing', loc: ['query', 'plugin_id'], msg: 'Field required', input: null }] },
  });
  expect(await at('plugin_id=yolo')).toMatchObject({
    status: 422,
    body: { detail: [{ type: 'missing', loc: ['query', 'tool'], msg: 'Field required', input: null }] },
  });
  desk.full = true;
  const full = await send(videoForm());
  expect(full).toMatchObject({ status: 429, body: { detail: 'The queue is full' } });
  expect(full.headers.get('retry-after')).toBe('10');
  expect(leftovers()).toEqual([]);
});

test('a form without the file, with two of them, or none at all is 422', async () => {
  const { send, leftovers } = await openSubmit();
  const post = (body: Buffer | string, type = formType) =>
    send({ method: 'POST', headers: { 'Content-Type': type }, body });
  const missing = {
    status: 422,
    body: { detail: [{ type: 'missing', loc: ['body', 'file'], msg: 'Field required' }] },
  };
  const file = { name: 'file', more: 'filename="a.mp4"', content: tinyMp4 };
  expect(await post(form([{ ...file, name: 'video' }]))).toMatchObject(missing);
  expect(await post(form([{ name: 'file', content: 'only text' }]))).toMatchObject(missing);
  expect(await post(form([]))).toMatchObject(missing);
  expect(await post('{}', 'application/json')).toMatchObject(missing);
  expect(await send({ method: 'POST' })).toMatchObject(missing);
  const two = await post(form([file, { ...file, content: Buffer.concat([tinyMp4, randomBytes(500_000)]) }]));
  expect(two).toMatchObject({ status: 422, body: { detail: [{ type: 'too_many', loc: ['body', 'file'] }] } });
  expect(leftovers()).toEqual([]);
});

test('other fields may stand before and behind the file', async () => {
  const { send } = await openSubmit();
  const other = { name: 'note', content: 'x'.repeat(30_000) };
  const otherFile = { name: 'poster', more: 'filename="p.png"', content: randomBytes(300_000) };
  const file = { name: 'file', more: 'filename="a.mp4"', content: Buffer.concat([tinyMp4, randomBytes(2_000_000)]) };
  for (const parts of [
    [other, otherFile, file],
    [file, otherFile, other],
  ]) {
    expect(await send({ method: 'POST', headers: { 'Content-Type': formType }, body: form(parts) })).toMatchObject({
      status: 200,
    });
  }
});

test('a file without a name is a file all the same', async () => {
  const { send, desk } = await openSubmit();
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), tinyMp4, Buffer.from(formEnd)]);
  expect(await send({ method: 'POST', headers: { 'Content-Type': formType }, body })).toMatchObject({ status: 200 });
  expect(desk.jobs[0]?.sourceName).toBe('video');
});

test('an empty file and a damaged form are told apart, and leave nothing', async () => {
  const { send, leftovers } = await openSubmit();
  expect(await send(videoForm(''))).toMatchObject({ status: 400, body: { detail: 'Invalid MP4 file: it is empty' } });
  const cut = form([{ name: 'file', more: 'filename="a.mp4"', content: tinyMp4 }]).subarray(0, -30);
  for (const body of [cut, cut.subarray(0, 40), Buffer.from('nonsense')]) {
    const answer = await send({ method: 'POST', headers: { 'Content-Type': formType }, body });
    expect(answer).toMatchObject({ status: 400, body: { detail: 'The form is damaged or ends early' } });
  }
  expect(leftovers()).toEqual([]);
});

test('a file name is text for people and never a path', async () => {
  const { send, desk, leftovers } = await openSubmit();
  const names: [string, string][] = [
    ['filename="../../../etc/passwd"', 'passwd'],
    ['filename="C:\\\\videos\\\\match.mp4"', 'match.mp4'],
    ['filename="a\u0007b\u202egpj.mp4"', 'abgpj.mp4'],
    ["filename*=UTF-8''%E6%97%A5%E6%9C%AC.mp4", '日本.mp4'],
    ['filename="Übung ⚽.mp4"', 'Übung ⚽.mp4'],
    ['filename=".."', 'video'],
    ['filename=""', 'video'],
    [`filename="${'ä'.repeat(400)}.mp4"`, 'ä'.repeat(255)],
  ];
  for (const [more, shown] of names) {
    expect(await send(videoForm(tinyMp4, more))).toMatchObject({ status: 200 });
    expect(desk.jobs[0]?.sourceName).toBe(shown);
  }
  expect(leftovers().sort()).toEqual(desk.jobs.map(({ id }) => id).sort());
});

test('a file above the cap is refused by its announced size and by its true one', async () => {
  const { send, port, leftovers } = await openSubmit({ uploads: { maxBytes: 1_000_000 } });
  const big = Buffer.concat([tinyMp4, randomBytes(2_000_000)]);
  const refusal = { status: 413, body: { detail: 'The file is larger than the 1 MB that are accepted' } };
  expect(await send(videoForm(big))).toMatchObject(refusal);
  // Without Content-Length: the sender goes on until it is told.
  const chunked = streamed(form([{ name: 'file', more: 'filename="a"', content: big }]));
  expect(await send(chunked)).toMatchObject(refusal);
  // An announced giant is answered before its first byte.
  const client = rawRequest(
    port,
    `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: 900000000000\r\n\r\n`,
  );
  onTestFinished(() => client.close());
  expect(await client.until((received) => received.includes('accepted'))).toContain('413 Payload Too Large');
  expect(leftovers()).toEqual([]);
});

test('chunked transfer without Content-Length is accepted', async () => {
  const { send, desk } = await openSubmit();
  const content = Buffer.concat([tinyMp4, randomBytes(5_000_000)]);
  const body = form([{ name: 'file', more: 'filename="a.mp4"', content }]);
  expect(await send(streamed(body))).toMatchObject({ status: 200 });
  expect(desk.jobs[0]?.sourceBytes).toBe(content.length);
});

test('an upload for which there is no space is refused with the numbers, at its start and on its way', async () => {
  const asked: number[] = [];
  const full = new Fault('disk-full', 'Not enough space: 1 MB are free');
  const admit = (bytes: number): Promise<void> => {
    asked.push(bytes);
    return bytes > 1_000_000 ? Promise.reject(full) : Promise.resolve();
  };
  const { send, leftovers } = await openSubmit({
    uploads: { space: { admit, release: () => undefined }, maxBytes: 200e6 },
  });
  const refusal = { status: 507, body: { detail: 'Not enough space: 1 MB are free' } };
  expect(await send(videoForm(Buffer.concat([tinyMp4, randomBytes(2_000_000)])))).toMatchObject(refusal);
  expect(asked).toEqual([expect.any(Number)]);
  const endless = form([{ name: 'file', more: 'filename="a"', content: Buffer.concat([tinyMp4, Buffer.alloc(70e6)]) }]);
  expect(await send(streamed(endless))).toMatchObject(refusal);
  expect(asked.slice(1)).toEqual([0, 64 * 1024 * 1024]);
  expect(leftovers()).toEqual([]);
});

test('an upload that is given up leaves nothing behind', async () => {
  const { port, uploadsDir, jobsDir } = await openSubmit();
  const head = `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: 50000000\r\n\r\n`;
  const client = rawRequest(port, head + partHead({ name: 'file', more: 'filename="a.mp4"' }));
  client.write(Buffer.concat([tinyMp4, randomBytes(3_000_000)]));
  await expect.poll(() => readdirSync(uploadsDir).length).toBe(1);
  client.close();
  await expect.poll(() => readdirSync(uploadsDir)).toEqual([]);
  expect(readdirSync(jobsDir)).toEqual([]);
});

test('an upload that stalls, or only drips, is ended with words wherever it has come to', async () => {
  const { port, leftovers } = await openSubmit({ web: { slowMs: 400 } });
  const head = `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: 50000000\r\n\r\n`;
  const opened = head + partHead({ name: 'file', more: 'filename="a.mp4"' });
  const [inHead, inFile, farIn] = ['', tinyMp4.toString('latin1'), `${tinyMp4.toString('latin1')}${'x'.repeat(300)}`];
  const clients = [head, opened + inHead, opened + inFile, opened + farIn].map((text) => rawRequest(port, text));
  onTestFinished(() => clients.forEach((client) => client.close()));
  const drip = setInterval(() => clients.forEach((client) => client.write('x')), 50);
  onTestFinished(() => clearInterval(drip));
  for (const client of clients) {
    const received = await client.until((text) => text.includes('bytes came'));
    expect(received).toContain('400 Bad Request');
    expect(received).toContain('The upload is too slow or stalled');
  }
  await expect.poll(leftovers).toEqual([]);
});

test('a slow upload is borne as long as it brings a kilobyte a second', async () => {
  const { port, desk } = await openSubmit({ web: { slowMs: 400 } });
  const body = form([
    { name: 'file', more: 'filename="a.mp4"', content: Buffer.concat([tinyMp4, Buffer.alloc(4000)]) },
  ]);
  const head = `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const client = rawRequest(port, head);
  onTestFinished(() => client.close());
  let sent = 0;
  const steady = setInterval(() => {
    client.write(body.subarray(sent, sent + 100));
    sent += 100;
  }, 50);
  onTestFinished(() => clearInterval(steady));
  expect(await client.until((text) => text.includes('}'))).toContain('200 OK');
  expect(desk.jobs[0]?.sourceBytes).toBe(4083);
});

test('only so many uploads go on at the same time', async () => {
  const { port, uploadsDir, send } = await openSubmit({ uploads: { most: 2 } });
  const head = `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const clients = [rawRequest(port, head), rawRequest(port, head)];
  onTestFinished(() => clients.forEach((client) => client.close()));
  await expect.poll(() => readdirSync(uploadsDir).length).toBe(2);
  expect(await send(videoForm())).toMatchObject({ status: 429 });
  clients.forEach((client) => client.close());
  await expect.poll(() => readdirSync(uploadsDir).length).toBe(0);
  expect(await send(videoForm())).toMatchObject({ status: 200 });
});

test('an upload that loses the last place in the queue while it comes in is refused, and leaves nothing', async () => {
  const { port, desk, uploadsDir, leftovers } = await openSubmit();
  const body = form([{ name: 'file', more: 'filename="a.mp4"', content: tinyMp4 }]);
  const head = `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  const client = rawRequest(port, head);
  onTestFinished(() => client.close());
  await expect.poll(() => readdirSync(uploadsDir).length).toBe(1);
  desk.full = true;
  client.write(body);
  const received = await client.until((text) => text.includes('detail'));
  expect(received).toMatch(/^HTTP\/1.1 429 .*\r\nRetry-After: \d+/s);
  expect(desk.jobs).toEqual([]);
  expect(leftovers()).toEqual([]);
});

test('a data folder that went away is said in words that name no path', async () => {
  const { send, uploadsDir } = await openSubmit();
  rmSync(uploadsDir, { recursive: true });
  expect(await send(videoForm())).toMatchObject({
    status: 503,
    body: { detail: 'The appliance cannot store the upload: its data folder is gone' },
  });
});

test('a sender reads an early refusal though it is still sending, and is cut off in the end', async () => {
  const { port } = await openSubmit();
  const path = '/v1/video/submit?plugin_id=nobody&tool=t';
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formType}\r\nContent-Length: 900000000\r\n\r\n`;
  const polite = rawRequest(port, head + partHead({ name: 'file', more: 'filename="a"' }));
  onTestFinished(() => polite.close());
  polite.write(randomBytes(1_000_000));
  expect(await polite.until((received) => received.endsWith('0\r\n\r\n'))).toContain("Plugin 'nobody' not found");

  const stubborn = rawRequest(port, head);
  onTestFinished(() => stubborn.close());
  const block = randomBytes(1_000_000);
  let sent = 0;
  const pump = () => {
    while (sent < 800 && stubborn.socket.writable) {
      sent += 1;
      if (!stubborn.socket.write(block)) return;
    }
  };
  stubborn.socket.on('drain', pump);
  pump();
  await stubborn.closed();
  expect(sent).toBeLessThan(200);
});

test('a desk that refuses the finished upload leaves no folder behind', async () => {
  const { send, desk, leftovers } = await openSubmit();
  desk.create = () => {
    throw new Error('the database is gone');
  };
  expect(await send(videoForm())).toMatchObject({ status: 500, body: { detail: 'Internal Server Error' } });
  expect(leftovers()).toEqual([]);
});

test('leftovers of an earlier daemon are removed at the start', async () => {
  const folder = join(tempData(), 'uploads');
  await cleanUploads(folder);
  writeFileSync(join(folder, 'x.part'), boundary + formEnd);
  await cleanUploads(folder);
  expect(existsSync(folder)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});
