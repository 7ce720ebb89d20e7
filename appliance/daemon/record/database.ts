// Opens the one SQLite file and brings its tables up to date.
import Sqlite from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { newestMigration, unusable } from './inspect.ts';

export interface Database {
  readonly tables: BetterSQLite3Database;
  /** Runs `write` so that it is on the disk when this returns: for the making and the end of a job. */
  durably<T>(write: () => T): T;
  /** Throws when the file cannot be read any more. */
  check(): void;
  /** True where there is at least one job. */
  used(): boolean;
  /** Leaves one file, with nothing beside it. */
  close(): void;
}

/**
 * `file`: path, or `:memory:`. `migrations`: the folder that drizzle-kit made.
 * Throws Fault 'database-unusable' with the reason; so for a file that a newer release has migrated.
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
    refuseNewer(sqlite, newestMigration(migrations));
    migrate(tables, { migrationsFolder: migrations });
    const any = sqlite.prepare('SELECT 1 FROM jobs LIMIT 1');
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
      used: () => any.get() !== undefined,
      close: () => {
        // SQLite does so by itself when the last one closes; a backup may still have it open.
        try {
          sqlite.pragma('wal_checkpoint(TRUNCATE)');
        } finally {
          sqlite.close();
        }
      },
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

/** Its columns may mean something that this release does not know. */
function refuseNewer(sqlite: Sqlite.Database, newest: number): void {
  const table = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = '__drizzle_migrations'");
  if (table.get() === undefined) return;
  const schema = sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck();
  if (Number(schema.get()) <= newest) return;
  throw new Error(
    'a newer release of Vedette has written it. Install that release, or restore the backup that it made before it changed the database',
  );
}
