// A job as the daemon has it in memory, for tests that only care for some of its fields.
import { randomUUID } from 'node:crypto';
import { noJobOptions } from '../../appliance/contract/job-options.ts';
import type { Job } from '../../appliance/contract/job.ts';
import { noProducts } from '../../appliance/contract/products.ts';
import { detecting } from './work.ts';

/** A running job in its first frames, unless told otherwise. */
export function makeJob(overrides: Partial<Job> = {}): Job {
  const now = Date.now();
  return {
    id: randomUUID(),
    status: 'running',
    ...detecting,
    toolsCompleted: 0,
    sourceUrl: null,
    products: noProducts,
    outside: null,
    sourceName: 'match.mp4',
    sourceBytes: 1_000_000,
    sourceType: 'video/mp4',
    source: null,
    model: null,
    progress: 1,
    stage: 'analyzing',
    currentFrame: 1,
    totalFrames: 1000,
    indeterminate: false,
    held: null,
    fps: 25,
    etaS: 40,
    seq: 1,
    reportedAt: now,
    summary: null,
    options: noJobOptions,
    queueRank: now,
    hasPoster: false,
    warnings: [],
    error: null,
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    completedAt: null,
    ...overrides,
  };
}
