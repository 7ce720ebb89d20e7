// The disk's part of the daemon: from settings and the jobs room to the storage room.
import { stat } from 'node:fs/promises';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { EventStream } from './publish/stream.ts';
import type { JobStore } from './record/job-store.ts';
import type { Settings } from './settings/schema.ts';
import { Storage, type StorageOptions } from './storage/storage.ts';

const megabyte = 1024 * 1024;

export interface StoragePartOptions {
  readonly folders: Folders;
  readonly jobs: Jobs;
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly onChange: () => void;
  readonly log: Log;
}

/** To be called when the database has been opened. */
export async function makeStorage(config: Config, options: StoragePartOptions): Promise<Storage> {
  const { folders, jobs, store } = options;
  // A database that is new, was restored, or came from elsewhere is a younger file than what it does not know of.
  const { birthtimeMs } = await stat(folders.database);
  return new Storage({
    ...options,
    folders: { ...folders, data: config.data },
    ...storageLimits(config),
    jobs: {
      get: (id) => jobs.get(id),
      countFinished: () => store.count(['completed', 'failed', 'cancelled']),
      finished: (page) => store.finished(page),
      remove: (id) => jobs.remove(id),
    },
    rowsSince: birthtimeMs > 0 ? birthtimeMs : Infinity,
    hold: (reason) => jobs.setHeld(reason),
  });
}

/** What may be said anew while it runs. */
export function storageLimits({ serve, storage }: Settings): Pick<StorageOptions, 'limits' | 'keep'> {
  return {
    limits: {
      reserve: toBytes(serve.disk_reserve_mb),
      uploads: storage.uploads_mb === null ? null : toBytes(storage.uploads_mb),
      artifacts: storage.artifacts_mb === null ? null : toBytes(storage.artifacts_mb),
    },
    keep: {
      jobsDays: storage.jobs_days,
      jobsKept: storage.jobs_kept,
      inputsDays: storage.inputs_days,
      inputsKept: storage.inputs_kept,
    },
  };
}

function toBytes(megabytes: number): number {
  return Math.round(megabytes * megabyte);
}
