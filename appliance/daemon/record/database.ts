// Opens the one SQLite file and brings its tables up to date.
import Sqlite from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { Fault } from '../../contract/fault.ts';

export interface Database {
  readonly tables: BetterSQLite3Database;
  /** Runs `write` so that it is on the disk when this returns: for the making and the end of a job. */
  durably<T>(write: () => T): T;
  /** Throws when the file cannot be read any more. */
  check(): void;
  close(): void;
}

/**
 * `file`: path, or `:memory:`. `migrations`: the folder that drizzle-kit made.
 * Throws Fault 'database-unusable' with the reason.
 */
export function openDatabase(file: string, migrations: string): Database {
  const sqlite = connect(file);
  try {
    // Set whole at every open: a reopened WAL file does not remember its synchronous level.
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = NORMAL');
    // It blocks the event loop, and nobody else writes: short is right.
    sqlite.pragma('busy_timeout = 1000');
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma('journal_size_limit = 16777216');
    const tables = drizzle(sqlite);
    migrate(tables, { migrationsFolder: migrations });
    const probe = sqlite.prepare('SELECT count(*) FROM sqlite_schema');
    return {
      tables,
      durably: (write) => {
        sqlite.pragma('synchronous = FULL');
        try {
          return write();
        } finally {
          sqlite.pragma('synchronous = NORMAL');
        }
      },
      check: () => void probe.get(),
      close: () => void sqlite.close(),
    };
  } catch (error) {
    sqlite.close();
    throw unusable(file, error);
  }
}

function connect(file: string): Sqlite.Database {
  try {
    return new Sqlite(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Fault('database-unusable', `The database ${file} cannot be opened: ${reason}`, { cause });
}
