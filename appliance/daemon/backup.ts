// `vedette backup FILE`, and every backup that the daemon makes: a process of its own, so that it holds nobody up.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { bugExit } from './exit.ts';
import { folderPaths } from './folders.ts';
import { backUp } from './record/backup.ts';
import { refuse } from './refusal.ts';

// Whoever started this has gone.
process.once('disconnect', () => process.exit(bugExit));
process.exit(await main());

async function main(): Promise<number> {
  const options = { database: { type: 'string' }, force: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const file = resolve(positionals[0] ?? '');
  try {
    const database = values.database ?? folderPaths(readConfig().data).database;
    const { jobs } = await backUp({ database, file, overwrite: values.force });
    process.stdout.write(`${file} holds the database with ${jobs} ${jobs === 1 ? 'job' : 'jobs'}.\n`);
    return 0;
  } catch (error) {
    return refuse(error);
  }
}
