// A backup in the place of the database, checked first; the database that was there is set aside.
import { Fault } from '../../contract/fault.ts';
import { newestMigration } from './inspect.ts';
import { install, setAside, takeCopy } from './place.ts';

export interface RestoreOptions {
  /** Nobody may have it open: whoever calls holds the lock of the data folder. */
  readonly database: string;
  readonly migrations: string;
  readonly file: string;
}

/**
 * Answers how many jobs are there now, and where the former database is (null where there was none). Throws Fault
 * 'database-unusable' where `file` is no good, and 'data-not-writable' where the data folder does not take it.
 */
export async function restore(options: RestoreOptions): Promise<{ jobs: number; aside: string | null }> {
  const { database, migrations, file } = options;
  const copy = `${database}.incoming`;
  try {
    const taken = await takeCopy(file, copy, newestMigration(migrations));
    if ('wrong' in taken) throw new Fault('database-unusable', `${file} cannot be restored: ${taken.wrong}`);
    const aside = await setAside(database, 'replaced');
    await install(copy, database);
    return { jobs: taken.jobs, aside };
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('data-not-writable', `The database ${database} cannot be replaced: ${reason}`, { cause });
  }
}
