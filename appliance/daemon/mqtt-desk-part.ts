// Who does what others ask for over MQTT: the same ways in as over HTTP.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SubmitUrlRequest } from '../contract/submit-api.ts';
import { codeOf } from '../contract/errno.ts';
import { Fault } from '../contract/fault.ts';
import { jobFiles } from '../contract/frame.ts';
import type { Job } from '../contract/job.ts';
import type { JobOptions } from '../contract/job-options.ts';
import type { Imports } from './imports/imports.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { CommandDesk } from './publish/commands.ts';
import type { Assignments } from './serve/assignment.ts';
import { stored } from './serve/storage-fault.ts';
import type { MqttSettings } from './settings/mqtt-settings.ts';

export interface MqttDeskOptions {
  readonly jobs: Pick<Jobs, 'remove' | 'retry'>;
  readonly assignments: Pick<Assignments, 'decide'>;
  readonly imports: Pick<Imports, 'order'>;
  readonly submitUrl: (request: SubmitUrlRequest) => Promise<Job>;
}

export function makeMqttDesk({ buttons }: MqttSettings, options: MqttDeskOptions): CommandDesk {
  const { jobs, assignments, imports, submitUrl } = options;
  return {
    submit: (request) => stored(submitUrl(request)),
    press: (name) => {
      const button = buttons.find((one) => one.name === name);
      if (!button) throw new Fault('command-malformed', `mqtt.buttons in the settings has no "${name}".`);
      // The button's name is no name of what it submits.
      return stored(submitUrl(SubmitUrlRequest.parse({ ...button, name: undefined })));
    },
    takeIn: async ({ folder, path, plugin_id: plugin, tool, options: wished }) => {
      const tools = typeof tool === 'string' ? [tool] : tool;
      const given = Object.entries(wished ?? {}).filter(([, value]) => value !== undefined);
      const wish: Partial<JobOptions> = Object.fromEntries(given);
      const assignment = await assignments.decide({ plugin, tools, input: 'video', options: wish });
      await stored(imports.order({ folder, paths: [path], assignment }));
    },
    cancel: (jobId) => stored(jobs.remove(jobId)),
    retry: (jobId) => stored(jobs.retry(jobId)),
  };
}

/** A JPEG; null where none was made, or the job is gone. */
export async function readPoster(jobsFolder: string, jobId: string): Promise<Buffer | null> {
  try {
    const picture = await readFile(join(jobsFolder, jobId, jobFiles.poster));
    return picture.length > 0 ? picture : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
