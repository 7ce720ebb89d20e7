// The appliance's events, and how they look on Socket.IO. An event is a fact about something already recorded.
import type { Job } from './job.ts';
import type { JobItem, ProgressView, SystemView } from './api.ts';
import type { ImportCopy } from './import-api.ts';
import type { PreviewView, Sight } from './preview.ts';
import type { LogLine, Vitals } from './system-api.ts';

export type ApplianceEvent =
  /** A job was created, or its status or its place in the queue changed. */
  | { readonly kind: 'job-changed'; readonly job: Job }
  /** Stage, frames or percentage of a running job moved; its status did not. */
  | { readonly kind: 'job-progressed'; readonly job: Job }
  /** The last thing that is ever said of this job. */
  | { readonly kind: 'job-removed'; readonly jobId: string }
  | { readonly kind: 'system-changed'; readonly system: SystemView }
  /** What a running job sees now; told only while somebody looks. `picture`: a JPEG. */
  | { readonly kind: 'job-previewed'; readonly jobId: string; readonly sight: Sight; readonly picture: Uint8Array }
  | { readonly kind: 'vitals-taken'; readonly vitals: Vitals }
  | { readonly kind: 'logged'; readonly lines: readonly LogLine[] }
  /** The same of jobs on other appliances. */
  | { readonly kind: 'remote-job-changed'; readonly item: JobItem }
  | { readonly kind: 'remote-job-progressed'; readonly progress: ProgressView }
  | { readonly kind: 'remote-job-removed'; readonly jobId: string }
  | { readonly kind: 'imports-changed'; readonly copies: readonly ImportCopy[] };

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
  /** Every ten seconds, to those who watch everything. */
  vitals: (vitals: Vitals) => void;
  /** All copies that are told, to those who watch everything. */
  imports: (imports: { copies: readonly ImportCopy[] }) => void;
  /** To those who look at `preview`; dropped for a client that is behind. */
  preview: (preview: PreviewView) => void;
  /** To those who look at `log`. */
  log: (log: { lines: readonly LogLine[] }) => void;
}

/** What a client wants beside: each replaces what it said before; what is left out is off. */
export interface LookTarget {
  readonly preview?: boolean | undefined;
  readonly log?: boolean | undefined;
}

export interface ClientToServerEvents {
  watch: (target: WatchTarget, answer: (snapshot: WatchAnswer) => void) => void;
  unwatch: (target: WatchTarget, answer?: (done: { ok: true }) => void) => void;
  look: (target: LookTarget, answer?: (done: { ok: true }) => void) => void;
}
