// Downloads from a real server that breaks off, stalls and sends elsewhere.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UrlPolicy } from '../../appliance/daemon/transfers/url-policy.ts';
import { tempData } from '../support/temp-data.ts';
import { fetching, file } from './fetching.ts';
import { type Answer, openVideoServer, serveFile, videoBytes } from './video-server.ts';

describe('a download that goes well', () => {
  it('brings the file, byte for byte, and tells how far it is', async () => {
    const server = await openVideoServer((request, response) => serveFile(request, response, file));
    const { done, input, told, folder } = fetching(`${server.url}/match.mp4`);
    expect(await done).toEqual({ bytes: file.length, type: 'video/mp4' });
    expect(input().equals(file)).toBe(true);
    expect(told[0]).toEqual([0, file.length]);
    expect(told.at(-1)).toEqual([file.length, file.length]);
    expect(existsSync(join(folder, 'input.part'))).toBe(false);
    expect(existsSync(join(folder, 'download.json'))).toBe(false);
    expect(server.state.asked[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
  });

  it('takes a file whose length nobody knows', async () => {
    const server = await openVideoServer((request, response) => serveFile(request, response, file, { chunked: true }));
    const { done, input, told } = fetching(server.url);
    expect(await done).toMatchObject({ bytes: file.length });
    expect(input().equals(file)).toBe(true);
    expect(told.every(([, total]) => total === null)).toBe(true);
  });

  it('finds one that came whole before its job was told', async () => {
    const folder = tempData();
    writeFileSync(join(folder, 'input'), file);
    expect(await fetching('http://127.0.0.1:1/', { folder }).done).toEqual({ bytes: file.length, type: 'video/mp4' });
  });
});

describe('a connection that breaks', () => {
  it('is made anew, and asks for the rest of the same file alone', async () => {
    let tries = 0;
    const server = await openVideoServer((request, response) => {
      tries += 1;
      serveFile(request, response, file, tries < 3 ? { breakAt: 100_000 * tries } : {});
    });
    const { done, input } = fetching(server.url);
    await done;
    expect(input().equals(file)).toBe(true);
    const [first, second, third] = server.state.asked.map(({ headers }) => headers);
    expect(first).not.toHaveProperty('range');
    // What lay between the two when the connection broke is asked for again.
    const from = [second, third].map((headers) => Number(/^bytes=(\d+)-$/.exec(headers?.range ?? '')?.[1]));
    expect(from[0]).toBeGreaterThan(0);
    expect(from[0]).toBeLessThanOrEqual(100_000);
    expect(from[1]).toBeGreaterThan(from[0] ?? 0);
    expect([second, third].map((headers) => headers?.['if-range'])).toEqual(['"one"', '"one"']);
  });

  it('begins from the first byte where the file has changed, or cannot be told from another', async () => {
    for (const [first, second] of [
      ['"one"', '"two"'],
      ['W/"weak"', 'W/"weak"'],
      ['', ''],
    ] as const) {
      const other = videoBytes(200_000);
      let tries = 0;
      const server = await openVideoServer((request, response) => {
        tries += 1;
        if (tries === 1) serveFile(request, response, file, { etag: first, breakAt: 150_000 });
        else serveFile(request, response, other, { etag: second });
      });
      const { done, input } = fetching(server.url);
      expect(await done).toMatchObject({ bytes: other.length });
      expect(input().equals(other)).toBe(true);
      expect(server.state.asked).toHaveLength(2);
    }
  });

  it('goes on after a restart of the daemon', async () => {
    const server = await openVideoServer((request, response) =>
      serveFile(request, response, file, { stallAt: 120_000 }),
    );
    const leaving = new AbortController();
    const first = fetching(server.url, { signal: leaving.signal });
    const failed = expect(first.done).rejects.toThrow();
    while ((first.told.at(-1)?.[0] ?? 0) < 120_000) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await failed;
    server.state.answer = (request, response) => serveFile(request, response, file);
    const { done, input, told } = fetching(server.url, { folder: first.folder });
    await done;
    expect(server.state.asked.at(-1)?.headers.range).toBe('bytes=120000-');
    expect(told[0]).toEqual([120_000, file.length]);
    expect(input().equals(file)).toBe(true);
  });

  it('that brings nothing for too long counts as broken', async () => {
    let tries = 0;
    const server = await openVideoServer((request, response) => {
      tries += 1;
      serveFile(request, response, file, tries === 1 ? { stallAt: 1000 } : {});
    });
    const { done, input } = fetching(server.url, { stallMs: 100 });
    await done;
    expect(input().equals(file)).toBe(true);
    expect(tries).toBe(2);
  });

  it('that drips counts as broken, and so does a try that brings next to nothing', async () => {
    const server = await openVideoServer((_request, response) => {
      response.writeHead(200, { 'content-length': String(file.length), etag: '"one"' });
      const drops = setInterval(() => response.write(file.subarray(0, 10)), 10);
      response.on('close', () => clearInterval(drops));
    });
    const { done } = fetching(server.url, { stallMs: 100, giveUpMs: 150 });
    await expect(done).rejects.toThrow(/next to nothing moved for 0\.1 seconds/);
    expect(server.state.asked.length).toBeGreaterThan(1);
  });

  it('fails the download after so long in which no try brings anything, says meanwhile that it waits, and keeps what has come', async () => {
    let tries = 0;
    const server = await openVideoServer((request, response) => {
      tries += 1;
      if (tries === 1) serveFile(request, response, file, { breakAt: 200_000 });
      else response.destroy();
    });
    const { done, folder, held } = fetching(server.url);
    await expect(done).rejects.toThrow(/The download failed \d+ times; 127\.0\.0\.1: no answer/);
    expect(tries).toBeGreaterThan(2);
    expect(held.find((reason) => reason !== null)).toContain('It waits for its source: 127.0.0.1: ');
    expect(readFileSync(join(folder, 'input.part')).length).toBeGreaterThan(0);
  });
});

describe('redirects', () => {
  const to =
    (location: string): Answer =>
    (_request, response) =>
      void response.writeHead(302, { location }).end();

  it('are followed, without the login and to what may be reached', async () => {
    const target = await openVideoServer((request, response) => serveFile(request, response, file));
    const first = await openVideoServer(to(`${target.url}/there`));
    const url = new URL(first.url);
    [url.username, url.password] = ['user', 'p%40ss'];
    await fetching(url.href).done;
    const login = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(first.state.asked[0]?.headers.authorization).toBe(login);
    expect(target.state.asked[0]).toMatchObject({ url: '/there' });
    expect(target.state.asked[0]?.headers.authorization).toBeUndefined();
  });

  it('into a private network, to another scheme, or in circles are refused', async () => {
    for (const [location, reason] of [
      ['http://169.254.169.254/latest', 'link-local'],
      ['http://[::1]/', 'loopback'],
      ['file:///etc/passwd', 'only http and https'],
      ['/again', 'More than 5 redirects'],
    ] as const) {
      const server = await openVideoServer(to(location));
      await expect(fetching(server.url).done).rejects.toThrow(reason);
    }
  });
});

it('connects to the address that was checked, under the name that was asked for', async () => {
  const server = await openVideoServer((request, response) => serveFile(request, response, file));
  let asked = 0;
  const settings = { allow: ['video.example.com'], private_networks: false, public_networks: true };
  // A name that leads elsewhere as soon as it has been checked.
  const rebinding = () => Promise.resolve([{ address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1', family: 4 as const }]);
  const policy = new UrlPolicy(settings, { resolve: rebinding });
  await fetching(`http://video.example.com:${server.port}/a.mp4`, { policy }).done;
  expect(asked).toBe(1);
  expect(server.state.asked[0]?.headers.host).toBe(`video.example.com:${server.port}`);
});
