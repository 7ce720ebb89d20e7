// Takes in jobs whose source is a URL: checked now, queued at once, downloaded when their turn comes.
import { createHash, randomUUID } from 'node:crypto';
import { Fault } from '../../contract/fault.ts';
import type { JobOptions } from '../../contract/job-options.ts';
import type { Job } from '../../contract/job.ts';
import type { SubmitUrlRequest } from '../../contract/submit-api.ts';
import type { Assignments } from './assignment.ts';
import { shownName } from './file-name.ts';
import type { JobDesk } from './job-desk.ts';
import { optionsText } from './job-options.ts';
import { Unprocessable } from './mistakes.ts';

export interface UrlIntakeOptions {
  readonly desk: JobDesk;
  readonly assignments: Assignments;
  /** Throws Fault 'source-url-refused'; a name that is not known yet is let pass. */
  readonly checkUrl: (url: string) => Promise<URL>;
}

export class UrlIntake {
  readonly #options: UrlIntakeOptions;

  constructor(options: UrlIntakeOptions) {
    this.#options = options;
  }

  /**
   * `key`: the same one with the same request gives the same job. Throws as Assignments.decide does, Fault
   * 'source-url-refused', 'queue-full', 'idempotency-conflict', and those of a database that takes no writes.
   */
  async submit(request: SubmitUrlRequest, key?: string): Promise<{ readonly job: Job; readonly replayed: boolean }> {
    const { desk, assignments, checkUrl } = this.#options;
    const { tool = [], tools = typeof tool === 'string' ? [tool] : tool } = request;
    const options = asked(request);
    const wish = { plugin: request.plugin_id ?? null, tools, input: 'video' as const, options, download: true };
    const assignment = await assignments.decide(wish);
    // A name is asked for only where the job has a place; another may have taken it meanwhile.
    desk.admit(key);
    const url = await checkUrl(request.url);
    desk.admit(key);
    const id = randomUUID();
    const source = { sourceName: request.name ?? nameIn(url), sourceBytes: 0, sourceType: '', sourceUrl: request.url };
    const submission = key === undefined ? undefined : { key, sha256: fingerprint(request.url, assignment) };
    const job = desk.create({ id, ...assignment, ...source, sourceName: shownName(source.sourceName) }, submission);
    return { job, replayed: job.id !== id };
  }

  /** The same for those who speak no HTTP: what does not fit is Fault 'command-malformed'. */
  async command(request: SubmitUrlRequest): Promise<Job> {
    try {
      return (await this.submit(request)).job;
    } catch (error) {
      if (!(error instanceof Unprocessable)) throw error;
      throw new Fault('command-malformed', error.message, { cause: error });
    }
  }
}

/** What was left out is not there. */
function asked({ model, confidence, classes, pipeline, annotated }: SubmitUrlRequest): Partial<JobOptions> {
  const told = Object.entries({ model, confidence, classes, pipeline, annotated });
  return Object.fromEntries(told.filter(([, value]) => value !== undefined));
}

/** The last part of its path, for people. */
function nameIn(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '') ?? url.hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a percent sign that stands for itself
  }
}

function fingerprint(url: string, { pluginId, tools, options }: Pick<Job, 'pluginId' | 'tools' | 'options'>): string {
  const text = `${url}\n${pluginId}\n${tools.join('\n')}\n${optionsText(options)}`;
  return createHash('sha256').update(text).digest('hex');
}
