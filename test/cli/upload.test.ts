// The streamed upload, against a real HTTP server.
import { Busboy } from '@fastify/busboy';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect, it, onTestFinished } from 'vitest';
import { upload } from '../../appliance/cli/upload.ts';
import { tempData } from '../support/temp-data.ts';

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/video/submit`;
}

function fileOf(bytes: number, name = 'clip.mp4'): string {
  const file = join(tempData(), name);
  writeFileSync(file, 'ftyp');
  truncateSync(file, bytes);
  return file;
}

const quiet = { headers: {}, signal: new AbortController().signal, onSent: () => undefined };

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

it('brings the file unchanged as the form field `file`, with its name, its length and the key', async () => {
  const file = fileOf(3_000_001, 'a "quoted" näme.mp4');
  let seen: Record<string, unknown> = {};
  const url = await listen((request, response) => {
    const form = new Busboy({ headers: request.headers as { 'content-type': string } });
    const hash = createHash('sha256');
    form.on('file', (field, stream, name) => {
      seen = { field, name, key: request.headers['x-api-key'], chunked: request.headers['transfer-encoding'] };
      stream.on('data', (chunk: Buffer) => hash.update(chunk));
    });
    form.on('finish', () => {
      seen = { ...seen, sha256: hash.digest('hex') };
      response.end('{"job_id":"x"}');
    });
    request.pipe(form);
  });
  const shares: number[] = [];
  const headers = { 'x-api-key': 'secret' };
  const answer = await upload({ ...quiet, url, file, headers, onSent: (share) => shares.push(share) });
  expect(answer).toEqual({ status: 200, body: '{"job_id":"x"}' });
  expect(seen).toEqual({
    field: 'file',
    name: 'a %22quoted%22 näme.mp4',
    key: 'secret',
    chunked: undefined,
    sha256: await digest(file),
  });
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
});

it('waits for a server that reads slowly instead of filling memory', async () => {
  const size = 200 * 2 ** 20;
  const sent: number[] = [];
  let enough = (): void => undefined;
  let resume = (): void => undefined;
  const taken = new Promise<void>((resolve) => (enough = resolve));
  const url = await listen((request, response) => {
    // Takes a first part, then holds still: what is sent must stay near what was taken.
    request.once('data', () => {
      request.pause();
      enough();
    });
    request.on('end', () => response.end('{}'));
    resume = () => void request.resume();
  });
  const file = fileOf(size);
  const answer = upload({ ...quiet, url, file, onSent: (share) => sent.push(share * size) });
  answer.catch(() => undefined); // awaited below, unless an expectation fails before
  await taken;
  await expect.poll(() => sent.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await untilStill(() => sent.length, file);
  // The sockets' own buffers take a few megabytes on each side.
  expect(sent.at(-1)).toBeLessThan(40 * 2 ** 20);
  resume();
  await expect(answer).resolves.toMatchObject({ status: 200 });
});

it('hears a refusal that comes before the whole file was sent, and sends no more', async () => {
  const size = 512 * 2 ** 20;
  let received = 0;
  const url = await listen((request, response) => {
    // As the appliance does it: answer, then read on for a while, so that the answer is not lost in a reset.
    response.writeHead(413).end('{"detail":"Too large"}');
    request.on('data', (chunk: Buffer) => (received += chunk.length));
  });
  const answer = await upload({ ...quiet, url, file: fileOf(size) });
  expect(answer).toEqual({ status: 413, body: '{"detail":"Too large"}' });
  expect(received).toBeLessThan(size);
});

it('stops when it is told to', async () => {
  const abort = new AbortController();
  const url = await listen((request) => request.once('data', () => abort.abort(new Error('interrupted'))));
  const answer = upload({ ...quiet, url, file: fileOf(64 * 2 ** 20), signal: abort.signal });
  await expect(answer).rejects.toThrow();
});

it('rejects for a file that cannot be read, and for a server that is not there', async () => {
  const url = 'http://127.0.0.1:9/';
  await expect(upload({ ...quiet, url, file: '/nonexistent.mp4' })).rejects.toThrow('ENOENT');
  await expect(upload({ ...quiet, url, file: fileOf(10) })).rejects.toThrow('ECONNREFUSED');
});

/**
 * Resolves when a count has not moved between two looks that are 100 looks at the disk apart: who reads the file takes
 * the same way, so that a busy machine is not taken for a sender that holds still.
 */
async function untilStill(count: () => number, file: string): Promise<void> {
  for (let before = -1; before !== count();) {
    before = count();
    for (let turn = 0; turn < 100; turn += 1) await stat(file);
  }
}
