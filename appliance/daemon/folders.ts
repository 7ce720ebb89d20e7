// What lies where: the data folder, and whether it can be written.
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../contract/fault.ts';
import { root } from './config.ts';

/** What drizzle-kit made, as this release has it. */
export const migrations = join(root, 'migrations');

export interface Folders {
  readonly database: string;
  /** Held by the daemon that uses the folder. */
  readonly lock: string;
  /** One folder for each job. */
  readonly jobs: string;
  /** Uploads on their way in; on the same file system as `jobs`, so that a whole one is moved by a rename. */
  readonly uploads: string;
  /** Uploaded models, and what was set of models here. */
  readonly models: string;
  /** TensorRT engines, by the weights that they were made of. */
  readonly engines: string;
  /** Of the database; made when the first of them is. */
  readonly backups: string;
}

export function folderPaths(data: string): Folders {
  return {
    database: join(data, 'vedette.db'),
    lock: join(data, 'lock'),
    jobs: join(data, 'jobs'),
    uploads: join(data, 'uploads'),
    models: join(data, 'models'),
    engines: join(data, 'engines'),
    backups: join(data, 'backups'),
  };
}

/** Makes what is missing. Throws Fault 'data-not-writable'. */
export async function openFolders(data: string): Promise<Folders> {
  const folders = folderPaths(data);
  try {
    await mkdir(folders.jobs, { recursive: true });
    await mkdir(folders.uploads, { recursive: true });
    await mkdir(folders.models, { recursive: true });
    await mkdir(folders.engines, { recursive: true });
    for (const folder of [data, folders.jobs, folders.uploads, folders.models])
      await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Fault(
      'data-not-writable',
      `The data folder ${data} cannot be written: ${reason}. Give it to the user that runs Vedette, or set VEDETTE_DATA.`,
      { cause },
    );
  }
  return folders;
}
