// A database that is damaged or gone: set aside, the newest good backup in its place, and a sentence that says so.
import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { type Backup, listBackups } from './backup-folder.ts';
import { type Finding, newestMigration } from './inspect.ts';
import { install, setAside, takeCopy } from './place.ts';

export interface RescueOptions {
  readonly database: string;
  readonly backups: string;
  /** One folder for each job: where there are any, there was a database. */
  readonly jobs: string;
  readonly migrations: string;
  readonly log: Log;
}

/**
 * Null where `finding` gives no reason to. Otherwise what was done, for people to read. Deletes nothing, and can be cut
 * off anywhere: the next start goes on from there. Throws Fault 'database-unusable' where there is no room.
 */
export async function rescue(options: RescueOptions, finding: Finding): Promise<string | null> {
  const { database, log } = options;
  const loss = await lossOf(options, finding);
  if (loss === null) return null;
  try {
    const copy = `${database}.incoming`;
    const { good, bad } = await newestGood(options, copy);
    const aside = await setAside(database, 'corrupt');
    if (good) await install(copy, database);
    log.error({ database, loss, setAside: aside, restored: good?.path ?? null, bad }, 'database was lost');
    return sentence(loss, aside, good, bad);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `The database ${database} ${loss}, and no backup can be put in its place: ${reason}`;
    throw new Fault('database-unusable', message, { cause });
  }
}

/** What became of the database, or null where nothing is lost. */
async function lossOf({ database, backups, jobs }: RescueOptions, finding: Finding): Promise<string | null> {
  switch (finding.state) {
    case 'sound':
      return null;
    case 'damaged':
      return `is damaged (${finding.reason})`;
    case 'empty': {
      const bytes = await sizeOf(database);
      const used =
        (await readdir(jobs)).length > 0 ||
        (await listBackups(backups)).length > 0 ||
        ((await sizeOf(`${database}-wal`)) ?? 0) > 0;
      if (!used) return null;
      return bytes === null ? 'was missing' : 'was empty';
    }
  }
}

/** Leaves a checked copy of it at `copy`. */
async function newestGood({ backups, migrations }: RescueOptions, copy: string) {
  const newest = newestMigration(migrations);
  const bad: string[] = [];
  for (const backup of await listBackups(backups)) {
    const taken = await takeCopy(backup.path, copy, newest);
    if ('jobs' in taken) return { good: backup, bad };
    bad.push(`${backup.name}: ${taken.wrong}`);
  }
  return { good: null, bad };
}

function sentence(loss: string, aside: string | null, good: Backup | null, bad: readonly string[]): string {
  const kept = aside === null ? '' : ` and is kept as ${basename(aside)}`;
  const passed = bad.length === 0 ? '' : ` Passed over: ${bad.join('; ')}.`;
  const instead = good
    ? `The backup ${good.name} was restored. What happened to jobs after ${shown(good.madeAt)} is not in it`
    : 'There was no good backup, so it began anew, without the jobs that it held';
  return `The database ${loss}${kept}. ${instead}; their files are where they were.${passed}`;
}

function shown(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}
