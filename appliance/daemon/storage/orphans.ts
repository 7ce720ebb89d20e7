// Folders of jobs that no row knows: of a crash between the move of an upload and its row, or of rows that were lost.
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { bytesOf } from './measure.ts';

export interface SweepOptions {
  /** Holds a folder for each job. */
  readonly folder: string;
  /** Folders that were there before anybody could submit a job: none of them is about to get its row. */
  readonly ids: readonly string[];
  readonly hasRow: (id: string) => boolean;
  /** ms since 1970: of folders that are older, the rows may have been lost, and nothing is removed. */
  readonly rowsSince: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Gives the ids whose folders are gone. A folder that cannot be removed stays. */
export async function sweepOrphans({ folder, ids, hasRow, rowsSince, signal, log }: SweepOptions) {
  const removed: string[] = [];
  let [left, bytes] = [0, 0];
  for (const id of ids) {
    await setImmediate();
    if (signal.aborted) break;
    if (!isId.test(id)) continue;
    const path = join(folder, id);
    try {
      if (hasRow(id)) continue;
      if ((await stat(path)).mtimeMs < rowsSince) {
        left += 1;
        continue;
      }
      const size = await bytesOf(path);
      await rm(path, { recursive: true, force: true });
      removed.push(id);
      bytes += size;
    } catch (err) {
      log.warn({ err, jobId: id }, 'folder without a job could not be removed');
    }
  }
  if (removed.length > 0) log.info({ folders: removed.length, bytes }, 'folders without a job removed');
  if (left > 0) log.warn({ folders: left }, 'folders without a job left where they are: their rows may have been lost');
  return removed;
}
