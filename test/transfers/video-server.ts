// A server of one file, which can be told to misbehave: to break off, to stall, to lie, to send elsewhere.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface Asked {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export type Answer = (request: IncomingMessage, response: ServerResponse, asked: readonly Asked[]) => void;

/** Closed when the test has finished. `answer` may be replaced at any time. */
export async function openVideoServer(first: Answer) {
  const state = { answer: first, asked: [] as Asked[], waiting: new Set<() => void>() };
  const server = createServer((request, response) => {
    state.asked.push({ url: request.url ?? '', headers: request.headers });
    for (const check of state.waiting) check();
    state.answer(request, response, state.asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  /** Resolves when so many requests have come. */
  const came = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = () => {
        if (state.asked.length < count) return;
        state.waiting.delete(check);
        resolve();
      };
      state.waiting.add(check);
      check();
    });
  return { state, came, port, url: `http://127.0.0.1:${port}` };
}

export interface FileAnswer {
  readonly etag?: string;
  /** Breaks the connection after so many bytes of the file. */
  readonly breakAt?: number;
  /** Sends nothing behind so many bytes of the file. */
  readonly stallAt?: number;
  /** Without a length. */
  readonly chunked?: boolean;
}

/** Serves the file as RFC 9110 §14 wants it: ranges, and If-Range. */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: Buffer,
  how: FileAnswer = {},
): void {
  const { etag = '"one"', breakAt, stallAt, chunked = false } = how;
  const [, asked] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const fits = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const from = asked !== undefined && fits ? Number(asked) : 0;
  const ranged = asked !== undefined && fits;
  if (ranged && from >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  const range = ranged ? { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` } : {};
  const length = chunked ? {} : { 'content-length': String(file.length - from) };
  response.writeHead(ranged ? 206 : 200, { ...(etag === '' ? {} : { etag }), ...range, ...length });
  const until = Math.max(Math.min(breakAt ?? file.length, stallAt ?? file.length), from);
  response.write(file.subarray(from, until), () => {
    if (breakAt !== undefined && breakAt < file.length) response.destroy();
    else if (stallAt === undefined) response.end();
  });
}

/** As large as wanted, and a video by its first bytes. */
export function videoBytes(size: number): Buffer {
  const file = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) file[at] = (at * 31 + (at >> 8)) & 0xff;
  file.write('\0\0\0\x18ftypmp42', 0, 'latin1');
  return file;
}
