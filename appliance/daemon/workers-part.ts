// The workers as the settings want them: which model, in what confinement, with how much memory.
import { totalmem } from 'node:os';
import { extname, resolve } from 'node:path';
import type { Log } from '../log.ts';
import { type Config, root } from './config.ts';
import type { Folders } from './folders.ts';
import { isolate } from './jobs/isolation.ts';
import { WorkerSupply } from './jobs/worker-supply.ts';

const megabyte = 2 ** 20;

export interface WorkersOptions {
  readonly folders: Folders;
  /** The model's file. */
  readonly model: string;
  readonly onChange: () => void;
  readonly log: Log;
}

export async function makeWorkers(config: Config, options: WorkersOptions): Promise<WorkerSupply> {
  const { folders, onChange, log } = options;
  const model = resolve(options.model); // a worker may start in another folder
  const { confinement } = await isolate({
    mode: config.worker.isolation,
    data: config.data,
    jobs: folders.jobs,
    root,
    model,
    secrets: [config.file],
    log,
  });
  return new WorkerSupply({
    entry: new URL(`../worker/main${extname(import.meta.url)}`, import.meta.url),
    prepare: {
      type: 'prepare',
      model: { name: config.model.name, path: model },
      providers: config.model.providers,
      threads: config.model.threads,
    },
    // TensorRT may build an engine first.
    readyMs: 600_000,
    graceMs: 2000,
    confinement,
    memoryBytes: (config.worker.memory_mb ?? share(config.jobs.running)) * megabyte,
    onChange,
    log,
  });
}

/** MB for each of so many workers: three quarters of the machine's memory, or of what this process may take of it. */
function share(workers: number): number {
  const bounds = [totalmem(), process.constrainedMemory()].filter((bytes) => bytes > 0);
  return (0.75 * Math.min(...bounds)) / megabyte / workers;
}
