// A data folder with a database full of finished jobs, and what is done to files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Job, JobStatus } from '../../appliance/contract/job.ts';
import { backUp } from '../../appliance/daemon/record/backup.ts';
import { nextBackup } from '../../appliance/daemon/record/backup-folder.ts';
import { openDatabase } from '../../appliance/daemon/record/database.ts';
import { JobStore } from '../../appliance/daemon/record/job-store.ts';
import { migrations } from '../../appliance/daemon/folders.ts';
import { makeJob } from '../support/job.ts';
import { tempData } from '../support/temp-data.ts';

const ends = ['completed', 'failed', 'cancelled'] as const satisfies readonly JobStatus[];

/** Everything that openRecord wants, in a folder of its own; the database is closed. */
export function filled(count: number, folder = tempData()) {
  const paths = { database: join(folder, 'vedette.db'), backups: join(folder, 'backups'), jobs: join(folder, 'jobs') };
  mkdirSync(paths.jobs, { recursive: true });
  const added = add(paths.database, count);
  return { folder, ...paths, migrations, kept: 7, log: pino({ level: 'silent' }), added };
}

/** Adds finished jobs, oldest first. */
export function add(database: string, count: number): Job[] {
  const opened = openDatabase(database, migrations);
  const store = new JobStore(opened);
  const made = Array.from({ length: count }, (_, index) => {
    const status = ends[index % ends.length] ?? 'failed';
    const error = status === 'completed' ? null : { code: 'source-undecodable', message: `no decoder ${index}` };
    return makeJob({ status, error, progress: status === 'completed' ? 100 : 40, warnings: ['w'.repeat(200)] });
  });
  for (const job of made) store.insert(job);
  opened.close();
  return made;
}

/** Puts one more into its folder of backups, and says where. */
export async function backed(data: { readonly database: string; readonly backups: string }): Promise<string> {
  const file = await nextBackup(data.backups);
  await backUp({ database: data.database, file, overwrite: false });
  return file;
}

export function overwrite(file: string, at: number, bytes: Buffer): void {
  const content = readFileSync(file);
  bytes.copy(content, at);
  writeFileSync(file, content);
}
