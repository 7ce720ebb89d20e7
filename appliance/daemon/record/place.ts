// Database files as files: copied whole, set aside, put in place. Nothing here deletes a database.
import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { inspect } from './inspect.ts';
import { syncFolder } from './sync-folder.ts';
import { codeOf } from '../../contract/errno.ts';

/** What SQLite keeps beside a database while it is open, or when its daemon was killed. */
export const besides = ['-wal', '-shm'] as const;

/**
 * Copies a database that nobody has open to `to`, as one file, on the disk when this returns. It is a new file, born after
 * the folders of all jobs that it does not know: the sweep of such folders goes by that, and leaves them. Answers how many
 * jobs it holds, or what is wrong with it; the copy is then gone again. Throws where `to` cannot be written.
 */
export async function takeCopy(
  from: string,
  to: string,
  newest: number,
): Promise<{ jobs: number } | { wrong: string }> {
  await discard(to);
  const taken = await copyReadable(from, to);
  const found = taken ?? (await judge(to, newest));
  if ('wrong' in found) await discard(to);
  else await syncFile(to);
  return found;
}

/** What speaks against using this database. */
export async function judge(file: string, newest: number): Promise<{ jobs: number } | { wrong: string }> {
  const finding = await inspect(file);
  if (finding.state === 'empty') return { wrong: 'it is empty' };
  if (finding.state !== 'sound') return { wrong: finding.reason };
  if (finding.schema > newest) return { wrong: 'it was written by a newer release of Vedette' };
  standAlone(file);
  return { jobs: finding.jobs };
}

/** Renames a database and what lies beside it to `<file>.<why>-<now>`. Answers the new path, or null where none was there. */
export async function setAside(file: string, why: string): Promise<string | null> {
  const aside = `${file}.${why}-${stamp(new Date())}`;
  const moved = await Promise.all(['', ...besides].map((end) => renamed(file + end, aside + end)));
  await syncFolder(dirname(file));
  return moved.includes(true) ? aside : null;
}

/** `copy` becomes `file`, on the disk when this returns. */
export async function install(copy: string, file: string): Promise<void> {
  await rename(copy, file);
  await syncFolder(dirname(file));
}

/** UTC, as part of a file name that sorts by time: `20261121T030000.000Z`. */
export function stamp(time: Date): string {
  return time.toISOString().replaceAll(/[-:]/g, '');
}

/** Removes a copy that was never put in place, with its company. */
export async function discard(copy: string): Promise<void> {
  for (const end of ['', '-journal', ...besides]) await rm(copy + end, { force: true });
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file that cannot be read is no good backup; a copy that cannot be written is another matter. */
async function copyReadable(from: string, to: string): Promise<{ wrong: string } | undefined> {
  try {
    await (await open(from, 'r')).close();
    await copyFile(from, to);
    if (await exists(`${from}-wal`)) await copyFile(`${from}-wal`, `${to}-wal`);
    return undefined;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS') throw error;
    return { wrong: `it cannot be read (${code})` };
  }
}

/** Out of WAL mode: a file that is whole by itself, and can be read where nothing may be written beside it. */
function standAlone(file: string): void {
  const sqlite = new Sqlite(file);
  try {
    sqlite.pragma('journal_mode = DELETE');
  } finally {
    sqlite.close();
  }
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
