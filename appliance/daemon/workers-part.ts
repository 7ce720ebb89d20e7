// The workers as the settings want them: which model, in what confinement, with how much memory.
import { totalmem } from 'node:os';
import { extname, resolve } from 'node:path';
import type { Provider } from '../contract/frame.ts';
import type { PluginCard, PluginPlace } from '../contract/outside-plugins.ts';
import type { Log } from '../log.ts';
import { type Config, root } from './config.ts';
import type { Folders } from './folders.ts';
import { bindingFolders } from './jobs/binding-folders.ts';
import { EngineBuild, withoutTensorrt } from './jobs/engine-build.ts';
import { isolate } from './jobs/isolation.ts';
import { inspectPlugin } from './jobs/plugin-inspection.ts';
import { WorkerSupply } from './jobs/worker-supply.ts';
import type { ModelPlace } from './models/loaders.ts';
import { secretFiles } from './secret-files.ts';
import type { Settings } from './settings/schema.ts';

const megabyte = 2 ** 20;
/** TensorRT tries many kernels for each layer; on a small Jetson that takes minutes. */
const longestBuildMs = 3_600_000;
/** A plugin may load a library or a model of its own. */
const inspectionMs = 60_000;

export interface WorkersOptions {
  readonly folders: Folders;
  /** To begin with. */
  readonly model: ModelPlace;
  /** As they hold when they are asked for. */
  readonly now: () => Settings;
  /** Folders of plugins from outside, by their real paths. */
  readonly plugins: () => readonly string[];
  readonly onChange: () => void;
  readonly log: Log;
}

export interface WorkersPart {
  readonly workers: WorkerSupply;
  /** Follows the workers by itself. */
  readonly engine: EngineBuild;
  /** Has a process look at a plugin from outside. */
  readonly inspectPlugin: (place: PluginPlace, signal: AbortSignal) => Promise<PluginCard>;
}

export async function makeWorkers(config: Config, options: WorkersOptions): Promise<WorkersPart> {
  const { folders, model, now, plugins, onChange, log } = options;
  const { onnxruntime, tensorrt_options: tensorrtOptions } = config.worker;
  const binding = onnxruntime === null ? null : resolve(onnxruntime); // a worker may start in another folder
  const engines = resolve(folders.engines);
  const { confinement } = await isolate({
    mode: config.worker.isolation,
    data: config.data,
    jobs: folders.jobs,
    root,
    models: [config.model.folder, folders.models],
    readable: [engines, ...(binding === null ? [] : await bindingFolders(binding))],
    secrets: secretFiles(config),
    plugins,
    log,
  });
  const worker = {
    entry: new URL(`../worker/main${extname(import.meta.url)}`, import.meta.url),
    graceMs: 2000,
    confinement,
  };
  const memoryBytes = () => (config.worker.memory_mb ?? share(now().jobs.running)) * megabyte;
  const providers = firstProviders(config);
  const buildsItself = buildsEngines(config) && providers.includes('tensorrt');
  const workers: WorkerSupply = new WorkerSupply({
    ...worker,
    // Asked for each worker anew: when more jobs may run, each has less.
    get memoryBytes() {
      return memoryBytes();
    },
    prepare: {
      type: 'prepare',
      model,
      providers,
      threads: config.model.threads,
      runtime: { binding, tensorrtOptions, engines },
    },
    readyMs: buildsItself ? longestBuildMs : 600_000,
    ...(buildsItself ? { written: [engines] } : {}),
    onChange: () => {
      engine.follow();
      onChange();
    },
    log,
  });
  const building = { ...worker, memoryBytes: memoryBytes(), readyMs: longestBuildMs, written: [engines] };
  const engine = new EngineBuild({ worker: building, workers, ladder: config.model.providers, onChange, log });
  const looking = {
    entry: new URL(`../worker/inspect-plugin${extname(import.meta.url)}`, import.meta.url),
    ...{ confinement, patienceMs: inspectionMs, log },
  };
  return {
    ...{ workers, engine },
    inspectPlugin: (place, signal) => inspectPlugin(place, { ...looking, memoryBytes: memoryBytes(), signal }),
  };
}

/** What workers that load a model for the first time are made of: where TensorRT builds engines, that is left to a worker of its own. */
export function firstProviders(config: Config): Provider[] {
  return buildsEngines(config) ? withoutTensorrt(config.model.providers) : [...config.model.providers];
}

function buildsEngines({ model, worker }: Config): boolean {
  return model.providers.includes('tensorrt') && Object.keys(worker.tensorrt_options).length > 0;
}

/** MB for each of so many workers: three quarters of the machine's memory, or of what this process may take of it. */
function share(workers: number): number {
  const bounds = [totalmem(), process.constrainedMemory()].filter((bytes) => bytes > 0);
  return (0.75 * Math.min(...bounds)) / megabyte / workers;
}
