// Stands where the daemon does what was asked for over MQTT: remembers it, and makes or ends jobs in memory.
import { Fault } from '../../appliance/contract/fault.ts';
import type { Job } from '../../appliance/contract/job.ts';
import type { CommandDesk } from '../../appliance/daemon/publish/commands.ts';
import type { Source } from './source.ts';

export class Desk implements CommandDesk {
  readonly asked: unknown[] = [];
  /** What it waits for before it does anything. */
  open = Promise.resolve();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  async submit(request: unknown): Promise<Job> {
    this.asked.push({ submit: request });
    await this.open;
    return this.#source.create({ status: 'pending' });
  }

  async press(button: string): Promise<Job> {
    this.asked.push({ press: button });
    await this.open;
    return this.#source.create({ status: 'pending' });
  }

  takeIn(request: unknown): Promise<void> {
    this.asked.push({ takeIn: request });
    return this.open;
  }

  cancel(jobId: string): Promise<'cancelled'> {
    this.asked.push({ cancel: jobId });
    if (!this.#source.jobs.has(jobId)) throw new Fault('job-not-found', 'Job not found');
    this.#source.change(jobId, { status: 'cancelled', stage: null });
    return Promise.resolve('cancelled');
  }

  retry(jobId: string): Promise<Job> {
    this.asked.push({ retry: jobId });
    return Promise.reject(new Fault('job-not-retryable', 'Only a failed or cancelled job can run again.'));
  }
}
