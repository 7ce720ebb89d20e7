// The jobs as the settings want them.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import { Jobs } from './jobs/jobs.ts';
import type { Carriers } from './jobs/transfers.ts';
import type { PluginPlaces } from './jobs/job-terms.ts';
import type { Lookout } from './jobs/lookout.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { Models } from './models/models.ts';
import { preparations } from './models-part.ts';
import type { EventStream } from './publish/stream.ts';
import type { JobStore } from './record/job-store.ts';
import type { Settings } from './settings/schema.ts';

export interface JobsPartOptions {
  readonly folders: Folders;
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly workers: WorkerSupply;
  readonly models: Models;
  readonly plugins: PluginPlaces;
  readonly lookout: Lookout;
  readonly carriers: Carriers;
  /** As they hold when they are asked for. */
  readonly now: () => Settings;
  readonly log: Log;
}

export function makeJobs(config: Config, { folders, models, now, ...rest }: JobsPartOptions): Jobs {
  const { jobs } = config;
  const stallMs = jobs.stall_s * 1000;
  return new Jobs({
    ...rest,
    folder: folders.jobs,
    // The worker notices a stalled pipeline itself; the daemon's patience ends a little later.
    limits: {
      get running() {
        return now().jobs.running;
      },
      get queue() {
        return now().jobs.queue;
      },
      stallMs,
      hangMs: stallMs + 5000,
      longestMs: jobs.longest_h * 3_600_000,
    },
    detection: (model) => models.detection(model),
    prepareFor: preparations(config, folders, rest.workers),
  });
}
