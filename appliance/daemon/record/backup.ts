// One backup of the database: a copy beside a daemon that goes on writing, checked before it gets its name.
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import Sqlite from 'better-sqlite3';
import { Fault } from '../../contract/fault.ts';
import { unusable } from './inspect.ts';
import { besides, discard, install, judge, syncFile } from './place.ts';

export interface BackupOptions {
  readonly database: string;
  readonly file: string;
  /** Otherwise a file that is there stays. */
  readonly overwrite: boolean;
}

/**
 * Copies in one read transaction, which neither waits for the writer nor keeps it waiting; but it holds up the event loop
 * of its own process all the while. Throws Fault 'data-not-writable' where `file` cannot be made, and
 * 'database-unusable' where the database is not there or damaged.
 */
export async function backUp({ database, file, overwrite }: BackupOptions): Promise<{ jobs: number }> {
  await refuseTarget(database, file, overwrite);
  // See inspect: opening an empty file would cost the log beside it.
  if (!(await statOf(database))?.size) throw new Fault('database-unusable', `There is no database ${database}`);
  const partial = `${file}.${process.pid}.partial`;
  try {
    await discard(partial);
    await copy(database, partial);
    // What the database has, its copy may have: no release is too new for a backup of its own.
    const found = await judge(partial, Infinity);
    if ('wrong' in found) throw new Fault('database-unusable', `The database ${database} is no good: ${found.wrong}`);
    await syncFile(partial);
    await install(partial, file);
    return found;
  } catch (error) {
    await discard(partial);
    throw error instanceof Fault ? error : toFault(database, file, error);
  }
}

async function copy(database: string, to: string): Promise<void> {
  const sqlite = new Sqlite(database, { fileMustExist: true, timeout: 5000 });
  try {
    await sqlite.backup(to, { progress: () => 0x7fffffff });
  } finally {
    sqlite.close();
  }
}

function toFault(database: string, file: string, cause: unknown): Fault {
  const damaged = cause instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(cause.code);
  if (damaged) return unusable(database, cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Fault('data-not-writable', `The backup ${file} cannot be written: ${reason}`, { cause });
}

/** Throws Fault 'data-not-writable' where nothing may be put at `file`. */
async function refuseTarget(database: string, file: string, overwrite: boolean): Promise<void> {
  const there = await statOf(file);
  if (there === null) return;
  if (there.isDirectory()) throw new Fault('data-not-writable', `${file} is a folder; name a file in it`);
  if (!overwrite) throw new Fault('data-not-writable', `${file} is there already; --force overwrites it`);
  // A daemon would go on writing into the file that lost its name.
  for (const end of ['', ...besides]) {
    const used = await statOf(database + end);
    if (used?.ino === there.ino && used.dev === there.dev)
      throw new Fault('data-not-writable', `${file} is the database itself`);
  }
}

async function statOf(file: string): Promise<Stats | null> {
  return stat(file).catch(() => null);
}
