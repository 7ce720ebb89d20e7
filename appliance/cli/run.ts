// `vedette run`: one video on an appliance that runs already.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { analyse } from './analyse.ts';
import { type CommandName, type RunCommand, UsageError } from './arguments.ts';
import { Client } from './client.ts';
import { Display } from './display.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { Interrupt } from './interrupt.ts';
import { succeeded } from './outcome.ts';

/** Returns the exit code. Throws UsageError, or a Refusal of the appliance. */
export async function run(command: RunCommand, environment: Environment): Promise<number> {
  if (environment.url === null) throw new UsageError('the configured port is 0; say where with --url', 'run');
  await requireFile(command.file, 'run');
  if (command.json !== undefined && command.json !== '-') await requireFolder(command.json);
  const { tools, pipeline, annotated } = command;
  if (annotated !== undefined) await requireFolder(annotated);
  const client = new Client({ url: environment.url, apiKey: environment.apiKey });
  const display = new Display(command.json === '-' ? process.stderr : process.stdout);
  const interrupt = new Interrupt(() => process.exit(exitCodes.interrupted));
  try {
    const job = await analyse({
      client,
      display,
      signal: interrupt.signal,
      file: command.file,
      wish: { tools, pipeline, annotated: annotated !== undefined },
      place: (jobId) => command.json ?? `${client.url}/v1/jobs/${jobId}/result`,
    });
    if (!succeeded(job)) return exitCodes.failed;
    if (command.json !== undefined) await client.saveResult(job.job_id, command.json);
    if (annotated !== undefined) await client.saveAnnotated(job.job_id, annotated);
    return exitCodes.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    display.done();
    interrupt.close();
  }
}

/** Throws UsageError unless it is a file. */
export async function requireFile(path: string, of: CommandName): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no file ${path}`, of);
  if (!found.isFile()) throw new UsageError(`${path} is not a file`, of);
}

/** Throws UsageError where no file can be made at this path: better than after the analysis. */
async function requireFolder(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`, 'run');
  });
}
