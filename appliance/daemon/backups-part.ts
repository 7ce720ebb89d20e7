// The nightly backups as the settings want them.
import { extname } from 'node:path';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import { Backups } from './record/backups.ts';
import type { Database } from './record/database.ts';

export interface BackupsPartOptions {
  readonly folders: Folders;
  readonly database: Database;
  readonly onChange: () => void;
  readonly log: Log;
}

export function makeBackups(config: Config, { folders, database, onChange, log }: BackupsPartOptions): Backups {
  return new Backups({
    database: folders.database,
    folder: folders.backups,
    kept: config.storage.backups_kept,
    entry: new URL(`backup${extname(import.meta.url)}`, import.meta.url),
    worthwhile: () => database.used(),
    onChange,
    log,
  });
}
