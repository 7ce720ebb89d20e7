// The database's backups as REST and the System screen have them: which there are, and one more when it is asked for.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isoTime } from '../contract/iso-time.ts';
import { Fault } from '../contract/fault.ts';
import type { BackupView } from '../contract/system-api.ts';
import type { Backup } from './record/backup-folder.ts';
import type { Backups } from './record/backups.ts';
import { freeBytes } from './storage/measure.ts';
import { inUnits } from './storage/words.ts';

export interface BackupDeskOptions {
  readonly backups: Backups;
  /** The file that is backed up. */
  readonly database: string;
  /** Bytes that stay free on its disk. */
  readonly reserve: () => number;
}

export class BackupDesk {
  readonly #options: BackupDeskOptions;

  constructor(options: BackupDeskOptions) {
    this.#options = options;
  }

  /** Newest first. */
  async list(): Promise<BackupView[]> {
    const views = await Promise.all((await this.#options.backups.list()).map(viewOf));
    return views.filter((view) => view !== null);
  }

  /** Throws Fault 'busy', 'disk-full', 'database-unusable' or 'data-not-writable'. */
  async make(): Promise<BackupView> {
    const { backups } = this.#options;
    await this.#admit();
    const view = await viewOf(await backups.make());
    if (!view) throw new Fault('data-not-writable', 'The backup was removed as soon as it was made.');
    return view;
  }

  /** A backup is about as large as its database. */
  async #admit(): Promise<void> {
    const { database } = this.#options;
    const reserve = this.#options.reserve();
    const free = await freeBytes(dirname(database));
    const size = (await stat(database).catch(() => null))?.size ?? 0; // where it is gone, who makes the backup says so
    if (free - size >= reserve) return;
    throw new Fault(
      'disk-full',
      `Not enough space for a backup: ${inUnits(free)} are free, it takes ${inUnits(size)}, and ` +
        `${inUnits(reserve)} must stay free. Remove finished jobs to make room.`,
    );
  }
}

/** Null where it has gone meanwhile. */
async function viewOf({ name, path, madeAt }: Backup): Promise<BackupView | null> {
  const stats = await stat(path).catch(() => null);
  return stats && { name, bytes: stats.size, made_at: isoTime(madeAt.getTime()) };
}
