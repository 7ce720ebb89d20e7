// How a job ended, in one line. Pure.
import type { JobItem } from '../contract/api.ts';

export interface Outcome {
  readonly job: JobItem;
  /** Detections by class, most first. */
  readonly classes: readonly (readonly [name: string, count: number])[];
  /** ms since 1970, when a worker took the job. */
  readonly startedAt: number;
  /** Where the result lies: a folder or a URL. */
  readonly place: string;
}

/** More classes than this become `and N more`. */
const shownClasses = 6;

/** `completed: 350 frames, 1,892 detections (bottle 612) in 7.4 s, 47 fps → data/jobs/…` */
export function outcomeLine(outcome: Outcome): string {
  const { job } = outcome;
  if (job.status !== 'completed') return `${job.status}: ${job.error_message ?? 'no reason was given'}`;
  const frames = job.summary?.frame_count ?? job.current_frame;
  const detections = job.summary?.detection_count ?? 0;
  const endedAt = job.completed_at === null ? job.ts : Date.parse(job.completed_at);
  const seconds = Math.max((endedAt - outcome.startedAt) / 1000, 0.001);
  const speed = frames / seconds;
  return (
    `completed: ${plural(frames, 'frame')}, ${plural(detections, 'detection')}${inBrackets(outcome.classes)} ` +
    `in ${seconds.toFixed(1)} s, ${speed < 10 ? speed.toFixed(1) : speed.toFixed(0)} fps → ${outcome.place}`
  );
}

/** The process's exit code for a job that ended so. */
export function succeeded(job: JobItem): boolean {
  return job.status === 'completed';
}

function inBrackets(classes: Outcome['classes']): string {
  if (classes.length === 0) return '';
  const shown = classes.slice(0, shownClasses).map(([name, count]) => `${name} ${number(count)}`);
  const more = classes.length - shown.length;
  return ` (${[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')})`;
}

function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
