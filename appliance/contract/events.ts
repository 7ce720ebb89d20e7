// The appliance's events, and how they look on Socket.IO. An event is a fact about something already recorded.
import type { Job } from './job.ts';
import type { JobItem, ProgressView, SystemView } from './api.ts';

export type ApplianceEvent =
  /** A job was created or its status changed. */
  | { readonly kind: 'job-changed'; readonly job: Job }
  /** Stage, frames or percentage of a running job moved; its status did not. */
  | { readonly kind: 'job-progressed'; readonly job: Job }
  /** The last thing that is ever said of this job. */
  | { readonly kind: 'job-removed'; readonly jobId: string }
  | { readonly kind: 'system-changed'; readonly system: SystemView };

/** What a client asks to hear: one job, or every job and the appliance. */
export type WatchTarget = { readonly job_id: string } | { readonly all: true };

/** `jobs`: that one job; or the newest 100 and every job that is alive, newest first. A job that is not there gives `error`. */
export type WatchAnswer =
  { readonly jobs: readonly JobItem[]; readonly system: SystemView } | { readonly error: string };

export interface ServerToClientEvents {
  job: (job: JobItem) => void;
  progress: (progress: ProgressView) => void;
  job_removed: (removed: { job_id: string }) => void;
  system: (system: SystemView) => void;
}

export interface ClientToServerEvents {
  watch: (target: WatchTarget, answer: (snapshot: WatchAnswer) => void) => void;
  unwatch: (target: WatchTarget, answer?: (done: { ok: true }) => void) => void;
}
