// A job at its making: nothing has happened to it yet.
import type { Job } from '../../contract/job.ts';

export type NewJob = Pick<
  Job,
  'id' | 'pluginId' | 'tool' | 'jobType' | 'options' | 'sourceName' | 'sourceBytes' | 'sourceType'
>;

export function newJob(input: NewJob, queueRank: number): Job {
  const now = Date.now();
  return {
    ...input,
    queueRank,
    hasPoster: false,
    status: 'pending',
    source: null,
    model: null,
    progress: 0,
    stage: 'queued',
    currentFrame: 0,
    totalFrames: null,
    indeterminate: false,
    held: null,
    fps: null,
    etaS: null,
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
