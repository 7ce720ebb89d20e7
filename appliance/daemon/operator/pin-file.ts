// pin.json in the data folder: the operator's PIN, as a scrypt hash with its salt (RFC 7914).
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { syncFolder } from '../record/sync-folder.ts';
import { writeDurably } from '../record/write-durably.ts';

const Secret = z.strictObject({
  /** Both in hex. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Secret = Readonly<z.infer<typeof Secret>>;

/** 16 MB and some 30 ms on a thread of the pool. */
const cost = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 1024 * 1024 };

export function pinFile(data: string): string {
  return join(data, 'pin.json');
}

/** Null where none is set. Throws what is wrong with the file. */
export async function readPin(path: string): Promise<Secret | null> {
  try {
    return Secret.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** On the disk when it returns. Null: none is set any more. */
export async function writePin(path: string, secret: Secret | null): Promise<void> {
  if (secret) return writeDurably(path, `${JSON.stringify(secret)}\n`);
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

export async function hidden(pin: string): Promise<Secret> {
  const salt = randomBytes(16);
  return { salt: salt.toString('hex'), hash: (await derived(pin, salt)).toString('hex') };
}

export async function opens(pin: string, { salt, hash }: Secret): Promise<boolean> {
  return timingSafeEqual(await derived(pin, Buffer.from(salt, 'hex')), Buffer.from(hash, 'hex'));
}

function derived(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, 32, cost, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
