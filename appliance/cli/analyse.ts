// One video from the upload to the job's end, shown on the way: what `start` and `run` have in common.
import type { JobItem } from '../contract/api.ts';
import type { Client, Wish } from './client.ts';
import type { Display } from './display.ts';
import { Interrupted } from './interrupt.ts';
import { outcomeLine } from './outcome.ts';
import { watchJob } from './watch.ts';

export interface AnalyseOptions {
  readonly client: Client;
  readonly display: Display;
  readonly signal: AbortSignal;
  readonly file: string;
  readonly wish: Wish;
  /** Says where a job's result lies. */
  readonly place: (jobId: string) => string;
}

/** Prints the outcome and returns the job. Rejects with a Refusal or the signal's reason; Interrupted cancels the job. */
export async function analyse(options: AnalyseOptions): Promise<JobItem> {
  const { client, display, signal } = options;
  const jobId = await client.submit(options.file, {
    wish: options.wish,
    signal,
    onSent: (share) => display.status(`uploading ${Math.floor(share * 100)} %`),
  });
  try {
    const { job, startedAt } = await follow(options, jobId);
    const classes = Object.entries(job.summary?.class_counts ?? {}).sort(([, left], [, right]) => right - left);
    display.done();
    for (const warning of job.warnings) display.line(`warning: ${warning}`);
    display.line(outcomeLine({ job, classes, startedAt, place: options.place(jobId) }));
    return job;
  } catch (error) {
    display.done();
    if (signal.reason instanceof Interrupted) display.line(await cancel(client, jobId));
    throw error;
  }
}

async function cancel(client: Client, jobId: string): Promise<string> {
  try {
    await client.cancel(jobId);
    return 'cancelled: interrupted from here';
  } catch (error) {
    // The person wants to leave: what could not be done is said, and does not keep anybody.
    return `The job could not be cancelled and may go on: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function follow(options: AnalyseOptions, jobId: string): Promise<{ job: JobItem; startedAt: number }> {
  const { client, display, signal } = options;
  let startedAt: number | undefined;
  let lost = false;
  const job = await watchJob({
    client,
    jobId,
    signal,
    onProgress: (view) => {
      if (view.status === 'running') startedAt ??= view.ts;
      display.progress(view);
    },
    onConnection: (connected) => {
      if (!connected) display.line('The connection was lost; waiting for the appliance to come back.');
      else if (lost) display.line('Connected again.');
      lost = !connected;
    },
  });
  return { job, startedAt: startedAt ?? Date.parse(job.created_at) };
}
