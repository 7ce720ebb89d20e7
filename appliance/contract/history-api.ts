// Jobs of all times as people look for them.
import { z } from 'zod';
import { JobItem } from './api.ts';
import { JobId } from './job-id.ts';

export const HistoryItem = JobItem.extend({
  /** What the job holds on the disk: its video and everything that was found. */
  disk_bytes: z.number().int().nonnegative(),
});
export type HistoryItem = z.infer<typeof HistoryItem>;

/** Newest first. `count`: how many fit the search in all. */
export const HistoryPage = z.object({ jobs: z.array(HistoryItem), count: z.number().int().nonnegative() });
export type HistoryPage = z.infer<typeof HistoryPage>;

/** Finished jobs that are to go, with their files. */
export const HistoryDeletion = z.strictObject({ job_ids: z.array(JobId).min(1).max(500) });

/** In the order of the request. `detail`: why one stays. */
export const HistoryDeleted = z.object({
  results: z.array(
    z.object({
      job_id: z.uuid(),
      status: z.enum(['deleted', 'cancelled', 'not-found', 'failed']),
      detail: z.string().nullable(),
    }),
  ),
});
export type HistoryDeleted = z.infer<typeof HistoryDeleted>;
