// Prints, as JSON, what workers can be kept from on this machine: `vedette doctor` asks. Tried in a folder of its own.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../log.ts';
import { readConfig, root } from './config.ts';
import { isolate } from './jobs/isolation.ts';
import { refuse } from './refusal.ts';
import { secretFiles } from './secret-files.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'vedette-isolation-'));
  try {
    const config = readConfig();
    const { worker, model } = config;
    const jobs = join(data, 'jobs');
    await mkdir(jobs);
    const trial = { mode: worker.isolation, data, jobs, root, models: [model.folder], secrets: secretFiles(config) };
    const { by, lacks, remedy } = await isolate({ ...trial, log: openLog('silent', 'isolation') });
    process.stdout.write(`${JSON.stringify({ by, lacks, remedy })}\n`);
    return 0;
  } catch (error) {
    return refuse(error);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
