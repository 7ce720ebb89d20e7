// The folder of backups: their names, which there are, which may go.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stamp } from './place.ts';
import { codeOf } from '../../contract/errno.ts';

export interface Backup {
  readonly name: string;
  readonly path: string;
  readonly madeAt: Date;
}

const form = /^vedette-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)\.db$/;

/** Newest first, by their names. */
export async function listBackups(folder: string): Promise<Backup[]> {
  return (await names(folder))
    .filter((name) => form.test(name))
    .sort()
    .reverse()
    .map((name) => ({ name, path: join(folder, name), madeAt: new Date(name.replace(form, '$1-$2-$3T$4:$5:$6')) }));
}

/** A path for a backup made now. What a backup that was cut off has left is cleared away. */
export async function nextBackup(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await names(folder)) {
    if (/\.partial(-journal|-wal|-shm)?$/.test(name)) await rm(join(folder, name), { force: true });
  }
  return join(folder, `vedette-${stamp(new Date())}.db`);
}

/** Keeps `made` and the newest others. */
export async function pruneBackups(folder: string, made: string, kept: number): Promise<void> {
  const others = (await listBackups(folder)).filter(({ path }) => path !== made);
  for (const { path } of others.slice(Math.max(0, kept - 1))) await rm(path, { force: true });
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
