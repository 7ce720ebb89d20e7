// A gigabyte goes through the server, which keeps its memory and goes on answering.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { tempData } from '../support/temp-data.ts';
import { formEnd, formType, partHead, tinyMp4 } from './form.ts';
import { RawClient } from './raw.ts';

const block = Buffer.alloc(1024 * 1024, 'vedette');

async function ask<T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> {
  const [message] = (await once(child, 'message')) as unknown[];
  return schema.parse(message);
}

/** Sends that many MiB as a form's file as fast as they are taken; the answer's status line and body. */
async function upload(port: number, blocks: number): Promise<string> {
  const head = partHead({ name: 'file', more: 'filename="big.mp4"' });
  const length = head.length + tinyMp4.length + blocks * block.length + formEnd.length;
  const client = new RawClient(port);
  onTestFinished(() => client.close());
  client.write(
    'POST /v1/video/submit?plugin_id=yolo&tool=detect HTTP/1.1\r\nHost: localhost\r\n' +
      `Content-Type: ${formType}\r\nContent-Length: ${length}\r\n\r\n${head}`,
  );
  client.write(tinyMp4);
  for (let sent = 0; sent < blocks; sent += 1) {
    if (!client.socket.write(block)) await once(client.socket, 'drain');
  }
  client.write(formEnd);
  return client.until((received) => received.includes('}'));
}

test('the memory of the server does not grow with the upload, and its event loop stays free', async ({
  skip,
  annotate,
}) => {
  const folder = tempData();
  const { bavail, bsize } = await statfs(folder);
  skip(bavail * bsize < 3e9, 'less than 3 GB are free for the upload');
  const child = fork(fileURLToPath(new URL('./upload-server.ts', import.meta.url)), [folder], {
    execArgv: ['--import', 'tsx'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const figures = () => {
    child.send('figures');
    return ask(child, z.object({ peak: z.number(), stalledMs: z.number() }));
  };
  const { port } = await ask(child, z.object({ port: z.number() }));
  // The first upload loads and compiles what every one needs.
  expect(await upload(port, 100)).toContain('200 OK');
  const before = await figures();
  const started = performance.now();
  const answer = await upload(port, 1024);
  const seconds = (performance.now() - started) / 1000;
  const after = await figures();
  const grown = (after.peak - before.peak) / 1e6;
  const measured = `1 GiB in ${seconds.toFixed(1)} s: ${grown.toFixed(0)} MB more memory, event loop held ${after.stalledMs.toFixed(0)} ms`;
  const id = /"job_id":"([^"]+)"/.exec(answer)?.[1] ?? '';
  expect(statSync(join(folder, 'jobs', id, 'input')).size).toBe(1024 * block.length + tinyMp4.length);
  expect(grown, measured).toBeLessThan(64);
  // Without the bound on the receive buffer it was held for a second and more.
  expect(after.stalledMs, measured).toBeLessThan(250);
  await annotate(measured);
});
