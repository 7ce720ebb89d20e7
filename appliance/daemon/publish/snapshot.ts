// What publishers read when a client or a broker (re)connects: publishers hold no truth of their own.
import type { SystemView } from '../../contract/api.ts';
import type { Job } from '../../contract/job.ts';

export interface Snapshot {
  system(): SystemView;
  job(id: string): Job | undefined;
  /** Newest first. */
  newest(limit: number): readonly Job[];
}
