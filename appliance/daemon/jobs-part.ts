// The jobs as the settings want them.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import { Jobs } from './jobs/jobs.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { Models } from './models/models.ts';
import type { EventStream } from './publish/stream.ts';
import type { JobStore } from './record/job-store.ts';

export interface JobsPartOptions {
  readonly folders: Folders;
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly workers: WorkerSupply;
  readonly models: Models;
  readonly log: Log;
}

export function makeJobs({ jobs }: Config, { folders, models, ...rest }: JobsPartOptions): Jobs {
  const stallMs = jobs.stall_s * 1000;
  return new Jobs({
    ...rest,
    folder: folders.jobs,
    // The worker notices a stalled pipeline itself; the daemon's patience ends a little later.
    limits: {
      running: jobs.running,
      queue: jobs.queue,
      stallMs,
      hangMs: stallMs + 5000,
      longestMs: jobs.longest_h * 3_600_000,
    },
    detection: (model) => models.detection(model),
  });
}
