// A job at its making: nothing has happened to it yet.
import type { Job } from '../../contract/job.ts';
import { noProducts } from '../../contract/products.ts';

export type NewJob = Pick<
  Job,
  'id' | 'pluginId' | 'tools' | 'jobType' | 'options' | 'plan' | 'sourceName' | 'sourceBytes' | 'sourceType'
> &
  Partial<Pick<Job, 'sourceUrl' | 'outside'>>;

/** What is said of a job that nobody works on. */
export const still = { held: null, indeterminate: false, fps: null, etaS: null };

export function newJob(input: NewJob, queueRank: number): Job {
  const now = Date.now();
  return {
    sourceUrl: null,
    outside: null,
    ...input,
    toolsCompleted: 0,
    products: noProducts,
    queueRank,
    hasPoster: false,
    status: 'pending',
    source: null,
    model: null,
    progress: 0,
    stage: 'queued',
    currentFrame: 0,
    totalFrames: null,
    ...still,
    seq: 0,
    reportedAt: now,
    summary: null,
    warnings: [],
    error: null,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
    completedAt: null,
  };
}
