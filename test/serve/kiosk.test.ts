// The kiosk's files: types, compression, caching, and that nothing else can be reached.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { tempData } from '../support/temp-data.ts';
import { openHouse } from './house.ts';
import { rawRequest } from './raw.ts';

const script = 'console.log("vedette");\n'.repeat(200);

async function openKiosk() {
  const folder = tempData();
  const dir = join(folder, 'dist');
  mkdirSync(join(dir, 'assets'), { recursive: true });
  writeFileSync(join(dir, 'index.html'), `<!doctype html><title>Vedette</title>${'<p></p>'.repeat(300)}`);
  writeFileSync(join(dir, 'assets', 'index-B3x_9aZq.js'), script);
  writeFileSync(join(dir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(dir, 'link.txt'));
  return openHouse({ kioskDir: dir });
}

test('the page and its files come with their types, caching and policy', async () => {
  const { url } = await openKiosk();
  const page = await fetch(url);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'; connect-src 'self' ws: wss:");
  expect(await page.text()).toContain('<title>Vedette</title>');
  const asset = await fetch(`${url}/assets/index-B3x_9aZq.js`);
  expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(asset.headers.get('cache-control')).toContain('immutable');
  expect(await asset.text()).toBe(script);
  expect((await fetch(`${url}/favicon.svg`)).headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
});

test('files are packed for those who take it, each version with an ETag of its own', async () => {
  const { url, port } = await openKiosk();
  const path = '/assets/index-B3x_9aZq.js';
  const get = async (accept: string) => {
    const client = rawRequest(
      port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: ${accept}\r\n\r\n`,
    );
    onTestFinished(() => client.close());
    const [head = '', body = ''] = (await client.closed()).split('\r\n\r\n');
    return { encoding: /content-encoding: (\w+)/i.exec(head)?.[1], etag: /etag: (\S+)/i.exec(head)?.[1], body };
  };
  const packed = await get('gzip');
  expect(gunzipSync(Buffer.from(packed.body, 'latin1')).toString()).toBe(script);
  const [plain, brotli, refused] = [
    await get('identity'),
    await get('gzip, deflate, br'),
    await get('br;q=0, gzip;q=0'),
  ];
  expect([plain.encoding, packed.encoding, brotli.encoding, refused.encoding]).toEqual([
    undefined,
    'gzip',
    'br',
    undefined,
  ]);
  expect(new Set([plain.etag, packed.etag, brotli.etag]).size).toBe(3);
  const again = { headers: { 'If-None-Match': brotli.etag ?? '', 'Accept-Encoding': 'br' } };
  expect((await fetch(url + path, again)).status).toBe(304);
});

test('no path leads out of the folder', async () => {
  const { port } = await openKiosk();
  const paths = [
    ...['/../secret.txt', '/assets/../../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/link.txt', '/assets'],
    ...['//secret.txt', '/assets/..\\..\\secret.txt', '/assets/%00', '/index.html/', '/./index.html'],
  ];
  for (const path of paths) {
    const client = rawRequest(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect((await client.closed()).slice(9, 12), path).toBe('404');
  }
});

test('without a build the page says how to make one', async () => {
  const { url } = await openHouse();
  const page = await fetch(url);
  expect(page.status).toBe(503);
  expect(page.headers.get('content-type')).toContain('text/plain');
  expect(await page.text()).toContain('npm run build:ui');
});
