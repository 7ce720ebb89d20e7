// Jobs of programs outside as the settings want them, and the dialects in which they and the appliance's own are told.
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Jobs } from './jobs/jobs.ts';
import { LatelyEnded } from './jobs/lately-ended.ts';
import { OutsideJobs } from './jobs/outside-jobs.ts';
import type { EventStream } from './publish/stream.ts';
import type { JobStore } from './record/job-store.ts';
import { adminDialect } from './serve/admin-dialect.ts';
import type { Route } from './serve/route.ts';
import { stagesDialect, type StagesDialectOptions } from './serve/stages-dialect.ts';

interface OutsidePartOptions {
  readonly jobs: Jobs;
  readonly store: JobStore;
  readonly stream: EventStream;
  readonly pipelines: StagesDialectOptions['pipelines'];
  readonly log: Log;
}

interface OutsidePart {
  readonly routes: readonly Route[];
  /** Before anybody can post: goes on with the jobs that were left. */
  open(): void;
  close(): void;
}

export function makeOutside(
  config: Pick<Config, 'outside'>,
  { jobs, store, stream, pipelines, log }: OutsidePartOptions,
): OutsidePart {
  const { ledger } = jobs;
  const outside = new OutsideJobs({ ledger, store, stream, silentMs: config.outside.silent_h * 3_600_000, log });
  const ended = new LatelyEnded({ store, stream });
  const board = { active: () => ledger.alive(), ended: () => ended.jobs };
  return {
    routes: [...stagesDialect({ desk: jobs, outside, pipelines }), ...adminDialect({ desk: jobs, outside, board })],
    open: () => outside.open(),
    close: () => {
      outside.close();
      ended.close();
    },
  };
}
