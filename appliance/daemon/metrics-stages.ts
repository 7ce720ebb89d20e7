// How long jobs wait and how long each of their stages takes, as histograms.
import { Histogram, type Registry } from 'prom-client';
import { isFinal, type Job } from '../contract/job.ts';
import { type Stage, stages } from '../contract/progress.ts';
import type { EventStream } from './publish/stream.ts';

/** Seconds: from a picture to a day of video. */
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 14_400];

/** Times are those that the worker told, in ms since 1970: not when the daemon came to hear of it. */
export function measureStages(registry: Registry, stream: EventStream): void {
  const registers = [registry];
  const taken = new Histogram({
    name: 'vedette_stage_seconds',
    help: 'Time that a job spent in one of its stages; "queued" from its making to its start',
    labelNames: ['stage'],
    buckets,
    registers,
  });
  for (const stage of stages) if (stage !== 'completed') taken.zero({ stage });
  /** Jobs that are alive: as many as the queue and the outside programs have. */
  const since = new Map<string, { readonly stage: Stage; readonly ts: number }>();
  const note = (job: Job) => {
    if (job.outside !== null) return; // its stages are its program's own
    const before = since.get(job.id);
    const stage = isFinal(job.status) ? null : job.stage;
    if (before && before.stage === stage) return;
    if (before) taken.observe({ stage: before.stage }, Math.max(job.reportedAt - before.ts, 0) / 1000);
    if (stage === null) since.delete(job.id);
    else since.set(job.id, { stage, ts: job.reportedAt });
  };
  stream.on('job-changed', ({ job }) => note(job));
  stream.on('job-progressed', ({ job }) => note(job));
  stream.on('job-removed', ({ jobId }) => since.delete(jobId));
}
