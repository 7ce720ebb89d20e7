// A real server that speaks S3, with one bucket in a folder.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import { onTestFinished } from 'vitest';

/** The one login that it knows. */
export const s3Keys = { access: 'S3RVER', secret: 'S3RVER' };

/** How it names an object's bytes in its folder. */
const stored = '._S3rver_object';

/** Closed when the test has finished. */
export async function openS3(bucket: string) {
  const directory = mkdtempSync(join(tmpdir(), 'vedette-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: bucket }],
  });
  const { port }: AddressInfo = await server.run();
  onTestFinished(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const root = join(directory, bucket);
  return {
    url: `http://127.0.0.1:${port}`,
    /** Of the objects that are whole. */
    keys: () =>
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith(stored))
        .map((path) => path.slice(0, -stored.length))
        .sort(),
    object: (key: string) => readFileSync(join(root, key + stored)),
  };
}
