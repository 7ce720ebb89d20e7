// Whether a database file can be relied on.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import Sqlite from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';

export type Finding =
  /** `schema`: when the newest migration that it has was made, ms since 1970. */
  | { readonly state: 'sound'; readonly jobs: number; readonly schema: number }
  /** No file, no bytes, or no tables yet. */
  | { readonly state: 'empty' }
  /** Or somebody else's. */
  | { readonly state: 'damaged'; readonly reason: string };

/**
 * Reads the whole file, so it is for a start, or for a process of its own. What a killed daemon left in the write-ahead
 * log is folded in. Throws Fault 'database-unusable' where it cannot be read at all, which says nothing against the file.
 */
export async function inspect(file: string): Promise<Finding> {
  // SQLite takes the write-ahead log beside an empty file for a leftover, and deletes it.
  if ((await sizeOf(file)) === 0) return { state: 'empty' };
  try {
    const sqlite = new Sqlite(file, { fileMustExist: true, timeout: 1000 });
    try {
      return examine(sqlite);
    } finally {
      sqlite.close();
    }
  } catch (cause) {
    const reason = await damage(file, cause);
    if (reason !== null) return { state: 'damaged', reason };
    throw unusable(file, cause);
  }
}

/** When the newest migration of this release was made, ms since 1970; a database with a newer one is not for it. */
export function newestMigration(migrations: string): number {
  return Math.max(...readMigrationFiles({ migrationsFolder: migrations }).map(({ folderMillis }) => folderMillis));
}

export function unusable(file: string, cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Fault('database-unusable', `The database ${file} cannot be opened: ${reason}`, { cause });
}

function examine(sqlite: Sqlite.Database): Finding {
  const [first] = sqlite.pragma('quick_check(1)', { simple: false }) as { quick_check: string }[];
  if (first?.quick_check !== 'ok')
    return { state: 'damaged', reason: oneLine(first?.quick_check ?? 'nothing to check') };
  const named = sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  const tables = named.pluck().all() as string[];
  if (tables.every((name) => name === '__drizzle_migrations')) return { state: 'empty' };
  if (!tables.includes('jobs') || !tables.includes('__drizzle_migrations')) {
    return { state: 'damaged', reason: 'it is no database of Vedette' };
  }
  // Writes nothing, but would: a header that allows reading only has passed the check above.
  sqlite.exec('DELETE FROM jobs WHERE 0');
  const one = (query: string) => Number(sqlite.prepare(query).pluck().get());
  return {
    state: 'sound',
    jobs: one('SELECT count(*) FROM jobs'),
    schema: one('SELECT max(created_at) FROM __drizzle_migrations'),
  };
}

/** What SQLite's refusal says against the file; null where it speaks of its surroundings. */
async function damage(file: string, error: unknown): Promise<string | null> {
  if (!(error instanceof Sqlite.SqliteError)) return null;
  const { code, message } = error;
  // https://www.sqlite.org/rescode.html: the last comes for a schema format that no SQLite has written.
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || message === 'unsupported file format') {
    return message;
  }
  // A file that may be written and yet is read-only says so in its header: bytes that no SQLite writes.
  if (code !== 'SQLITE_READONLY' || !(await mayWrite(file))) return null;
  return 'its header names a format that cannot be written';
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw unusable(file, error);
  }
}

async function mayWrite(file: string): Promise<boolean> {
  return access(file, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** quick_check heads its findings with a line of its own. */
function oneLine(text: string): string {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('***'))
    .join(' ');
}
