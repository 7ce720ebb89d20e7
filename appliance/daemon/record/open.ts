// The database as a daemon finds it at its start: checked, rescued where it must be, backed up before it is changed.
import { backUp } from './backup.ts';
import { nextBackup, pruneBackups } from './backup-folder.ts';
import { type Database, openDatabase } from './database.ts';
import { inspect, newestMigration } from './inspect.ts';
import { rescue, type RescueOptions } from './rescue.ts';

export interface OpenRecordOptions extends RescueOptions {
  /** Backups to keep; 0: none is made. */
  readonly kept: number;
}

/**
 * `complaint`: what the operator must know of this start, as long as this daemon lives. Blocks the event loop while it
 * reads the file: for a start, before anyone is served. Throws Fault 'database-unusable'.
 */
export async function openRecord(
  options: OpenRecordOptions,
): Promise<{ readonly database: Database; readonly complaint: string | null }> {
  const { database, migrations, log } = options;
  const found = await inspect(database);
  const rescued = await rescue(options, found);
  const finding = rescued === null ? found : await inspect(database);
  let unsaved: string | null = null;
  if (finding.state === 'sound' && finding.jobs > 0 && finding.schema < newestMigration(migrations)) {
    unsaved = await backUpFirst(options);
  }
  const complaints = [rescued, unsaved].filter((complaint) => complaint !== null);
  const opened = openDatabase(database, migrations);
  if (finding.state === 'sound') log.debug({ database, jobs: finding.jobs }, 'database is sound');
  return { database: opened, complaint: complaints.length === 0 ? null : complaints.join(' ') };
}

/** A migration is a transaction of its own; this is for the day on which somebody wants the older release back. */
async function backUpFirst({ database, backups, kept, log }: OpenRecordOptions): Promise<string | null> {
  if (kept === 0) return null;
  try {
    const file = await nextBackup(backups);
    const { jobs } = await backUp({ database, file, overwrite: false });
    await pruneBackups(backups, file, kept);
    log.info({ file, jobs }, 'database backed up before its migration');
    return null;
  } catch (err) {
    log.error({ err }, 'database not backed up before its migration');
    return 'No backup could be made before the database was brought up to this release. The log says why.';
  }
}
