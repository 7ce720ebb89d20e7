// `vedette restore FILE`: a backup in the place of the database, while no daemon uses it.
import { chown, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readConfig } from './config.ts';
import { migrations, openFolders } from './folders.ts';
import { holdLock } from './record/lock.ts';
import { restore } from './record/restore.ts';
import { refuse } from './refusal.ts';

process.exit(await main());

async function main(): Promise<number> {
  try {
    const { data } = readConfig();
    const folders = await openFolders(data);
    const lock = holdLock(
      folders.lock,
      'A Vedette uses this data folder. Stop it first: a database in use cannot be replaced.',
    );
    try {
      const { jobs, aside } = await restore({ ...folders, migrations, file: resolve(process.argv[2] ?? '') });
      await giveTo(data, [folders.lock, folders.database]);
      const before = aside === null ? '' : ` What was there is kept as ${aside}.`;
      process.stdout.write(`${folders.database} holds ${jobs} ${jobs === 1 ? 'job' : 'jobs'} again.${before}\n`);
      return 0;
    } finally {
      lock.close();
    }
  } catch (error) {
    return refuse(error);
  }
}

/** Root may have restored for a daemon that runs as somebody else: the files belong to whom the folder belongs to. */
async function giveTo(folder: string, files: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const file of files) await chown(file, uid, gid);
}
