// Downloads from servers that lie, refuse or are away, and onto a disk that is full.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../appliance/contract/fault.ts';
import { NeverFits } from '../../appliance/daemon/jobs/never-fits.ts';
import type { Room } from '../../appliance/daemon/transfers/downloads.ts';
import { tempData } from '../support/temp-data.ts';
import { fetching, file, openDownloads, roomy } from './fetching.ts';
import { openVideoServer, serveFile, videoBytes } from './video-server.ts';

describe('a server that lies or refuses', () => {
  const failing = async (
    answer: Parameters<typeof openVideoServer>[0],
    options: Parameters<typeof fetching>[1] = {},
  ) => {
    const server = await openVideoServer(answer);
    const { done, folder } = fetching(server.url, options);
    const error: unknown = await done.catch((reason: unknown) => reason);
    if (!(error instanceof Fault)) throw new Error('it was no Fault', { cause: error });
    return { error, folder, asked: server.state.asked };
  };

  it('and sends less than it announced is not believed', async () => {
    const { error } = await failing((_request, response) => {
      response.writeHead(200, { 'content-length': String(file.length) });
      response.write(file.subarray(0, 1000), () => response.destroy());
    });
    expect(error).toMatchObject({ code: 'download-failed' });
  });

  it('and sends another place than was asked for is asked for the whole', async () => {
    let tries = 0;
    const server = await openVideoServer((request, response) => {
      tries += 1;
      if (tries === 1) return serveFile(request, response, file, { breakAt: 100_000 });
      if (request.headers.range === undefined) return serveFile(request, response, file);
      response.writeHead(206, { 'content-range': `bytes 0-999/${file.length}` }).end(file.subarray(0, 1000));
    });
    const { done, input } = fetching(server.url);
    await done;
    expect(input().equals(file)).toBe(true);
  });

  it('with 404 is not asked again; with 503 it is, no sooner than it wants', async () => {
    const gone = await failing((_request, response) => void response.writeHead(404).end());
    expect(gone.error).toMatchObject({ code: 'download-failed', message: 'The server answered 404 Not Found.' });
    expect(gone.asked).toHaveLength(1);
    const busy = await failing((_request, response) => void response.writeHead(503, { 'retry-after': '0' }).end());
    expect(busy.error.message).toContain('the server answered 503 Service Unavailable');
    expect(busy.asked.length).toBeGreaterThan(1);
  });

  it('with what is no video is refused at its first bytes, and nothing of it stays', async () => {
    const { error, folder } = await failing((_request, response) => void response.end('<html>Sign in</html>'));
    expect(error).toMatchObject({ code: 'invalid-video' });
    expect(existsSync(join(folder, 'input.part'))).toBe(false);
  });

  it('with more than is accepted is refused, announced or not', async () => {
    const announced = await failing((request, response) => serveFile(request, response, file), { maxBytes: 1e5 });
    expect(announced.error.message).toContain('downloads.max_mb allows 0.1 MB');
    const silent = await failing((request, response) => serveFile(request, response, file, { chunked: true }), {
      maxBytes: 1e5,
    });
    expect(silent.error.message).toContain('downloads.max_mb allows 0.1 MB');
  });

  it('that packs the file though it was asked not to is refused', async () => {
    const { error } = await failing((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(file);
    });
    expect(error.message).toContain('packed (gzip)');
  });

  it('and switches to another protocol is left, and not waited for', async () => {
    const { error } = await failing((_request, response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
    });
    expect(error.message).toBe('The server answered 101 Switching Protocols.');
  });

  it('and sends the rest of another file, whatever it was asked, is asked for the whole', async () => {
    const other = videoBytes(file.length).fill(7, 1000);
    let tries = 0;
    const server = await openVideoServer((request, response) => {
      tries += 1;
      if (tries === 1) return serveFile(request, response, file, { breakAt: 150_000 });
      delete request.headers['if-range']; // as those do who have never heard of it
      serveFile(request, response, other, { etag: '"two"' });
    });
    const { done, input } = fetching(server.url);
    await done;
    expect(input().equals(other)).toBe(true);
  });

  it('and packs the rest of it is refused', async () => {
    let tries = 0;
    const { error } = await failing((request, response) => {
      tries += 1;
      if (tries > 1) response.setHeader('content-encoding', 'gzip');
      serveFile(request, response, file, { breakAt: 150_000 });
    });
    expect(error.message).toContain('packed (gzip)');
  });
});

describe('a full disk', () => {
  it('is waited out: the source is left alone until there is room', async () => {
    let looks = 0;
    const admit = (bytes: number) => {
      looks += 1;
      if (looks > 3) return Promise.resolve();
      return Promise.reject(new Fault('disk-full', `There is no room for ${bytes} bytes.`));
    };
    const server = await openVideoServer((request, response) => serveFile(request, response, file));
    const { done, input, held } = fetching(server.url, { space: { ...roomy, admit }, roomMs: 5 });
    await done;
    expect(input().equals(file)).toBe(true);
    expect(held).toEqual([null, `It waits for room: There is no room for ${file.length} bytes.`, null]);
    expect(server.state.asked).toHaveLength(2);
  });

  it('is not waited for by a file that could never lie on it', async () => {
    const space: Room = { ...roomy, most: () => Promise.resolve(200_000) };
    const server = await openVideoServer((request, response) => serveFile(request, response, file));
    const error: unknown = await fetching(server.url, { space }).done.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NeverFits);
    expect(error).toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('It has 0.3 MB; no more than 0.2 MB') as string,
    });
    expect(server.state.asked).toHaveLength(1);
  });

  it('and servers that are away take no place from the others', async () => {
    const downloads = openDownloads({ atOnce: 1, giveUpMs: 60_000, backOffMs: 60_000 });
    const server = await openVideoServer((request, response) => {
      if (request.url === '/away') response.destroy();
      else serveFile(request, response, file);
    });
    const leaving = new AbortController();
    const work = { jobId: 'job', signal: leaving.signal, onBytes: () => undefined };
    const waits = new Promise<void>((resolve) => {
      const onHeld = (reason: string | null) => {
        if (reason !== null) resolve();
      };
      const away = downloads.fetch({ ...work, folder: tempData(), url: `${server.url}/away`, onHeld });
      away.catch(() => undefined); // called off below
    });
    await waits;
    const there = { ...work, folder: tempData(), url: server.url, onHeld: () => undefined };
    expect(await downloads.fetch(there)).toMatchObject({ bytes: file.length });
    leaving.abort();
  });
});
