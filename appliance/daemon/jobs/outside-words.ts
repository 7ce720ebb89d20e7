// What programs outside say of their jobs, and what it makes of a job. Pure.
import { noJobOptions } from '../../contract/job-options.ts';
import type { Job } from '../../contract/job.ts';
import type { OutsideJob } from '../../contract/outside.ts';
import { type Plan, plainPlan } from '../../contract/plan.ts';
import type { NewJob } from './new-job.ts';

/** What a program says of its job when it begins. */
export type Announced = Omit<OutsideJob, 'status'>;

export interface OutsideReport {
  /** Integer 0..100. */
  readonly progress: number;
  /** A word of the program's own; null: none. */
  readonly word: string | null;
  /** Why it failed, as a sentence; null where that is not told. */
  readonly reason: string | null;
}

export type End = 'completed' | 'failed' | 'cancelled';

/** Words that end a job, in the older dialects' spellings. */
const ends: ReadonlyMap<string, End> = new Map([
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['error', 'failed'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
]);

/** Its stages are the program's own. */
const outsidePlan: Plan = { ...plainPlan, stages: [{ stage: 'analyzing', weight: 100 }] };

export function toNewJob(announced: Announced): Omit<NewJob, 'id'> {
  return {
    ...named(announced),
    pluginId: 'outside',
    jobType: 'video',
    options: noJobOptions,
    plan: outsidePlan,
    sourceBytes: 0,
    sourceType: 'application/octet-stream',
    outside: { ...announced, status: 'queued' },
  };
}

export function named({ type, video_id }: Announced): Pick<Job, 'tools' | 'sourceName'> {
  return { tools: [type], sourceName: video_id };
}

export function endIn({ progress, word }: OutsideReport): End | null {
  const told = ends.get(word?.trim().toLowerCase() ?? '');
  return told ?? (progress === 100 ? 'completed' : null);
}

/** One that moves without a word is no longer queued. */
export function wordBehind(job: Job, progress: number): string {
  const { status } = toldOf(job);
  return status === 'queued' && progress > 0 ? 'processing' : status;
}

/** The same object where nothing new was said. */
export function spoken(outside: OutsideJob, status: string): OutsideJob {
  return status === outside.status ? outside : { ...outside, status };
}

export function failure({ reason }: OutsideReport): NonNullable<Job['error']> {
  return { code: 'outside-failed', message: reason ?? 'The program that works on this job says that it failed.' };
}

/** Of a job of a program outside. */
export function toldOf({ id, outside }: Job): OutsideJob {
  if (!outside) throw new Error(`job ${id} is the appliance's own`);
  return outside;
}
