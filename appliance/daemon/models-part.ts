// The models as the settings want them: where they lie, which one to begin with, and by whom they are loaded.
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Fault } from '../contract/fault.ts';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { EngineBuild } from './jobs/engine-build.ts';
import type { Jobs } from './jobs/jobs.ts';
import { seePicture, type SightOptions } from './jobs/sight.ts';
import type { Prepare } from './jobs/worker-process.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { ModelPlace } from './models/loaders.ts';
import { Models } from './models/models.ts';
import { Settings } from './models/settings.ts';
import { cleanStaging } from './models/staging.ts';
import type { Space } from './serve/incoming-file.ts';
import { modelRoutes } from './serve/model-routes.ts';
import { ModelSights } from './serve/model-sight.ts';
import { ModelUploads } from './serve/model-upload.ts';
import type { Route } from './serve/route.ts';
import { firstProviders } from './workers-part.ts';

const settingsFile = 'models.yaml';

/** Throws Fault 'config-invalid' where the operator's models.yaml is wrong. */
export async function openModelSettings(
  folders: Folders,
  now: () => Pick<Config, 'model'>,
  log: Log,
): Promise<Settings> {
  await cleanStaging(folders.models);
  return Settings.open({
    operatorFile: join(now().model.folder, settingsFile),
    ownFile: join(folders.models, settingsFile),
    defaults: {
      get confidence() {
        return now().model.confidence;
      },
      get iou() {
        return now().model.iou;
      },
    },
    log,
  });
}

export interface FirstModel {
  readonly place: ModelPlace;
  /** Not in the settings: should it be of no use any more, another one can be chosen where this one was. */
  readonly chosenHere: boolean;
}

/**
 * The model to begin with: that of VEDETTE_MODEL; else the one that was chosen last, that of the operator's models.yaml,
 * that of the settings, the first of them whose file is there. Throws Fault 'model-missing' where none is.
 */
export function chooseModel(config: Config, folders: Folders, settings: Settings, log: Log): FirstModel {
  const { folder, name: configured } = config.model;
  const wanted = config.fromVariables.includes('model.name') ? [configured] : [...settings.defaults, configured];
  for (const name of wanted) {
    const path = pathsOf(config, folders, name).find((file) => existsSync(file));
    if (path !== undefined) return { place: { name, path }, chosenHere: name !== configured };
    log.warn({ model: name }, 'model is not there');
  }
  throw new Fault(
    'model-missing',
    `There is no model ${join(folder, `${configured}.onnx`)}. Put it there, or set model.name or VEDETTE_MODEL.`,
  );
}

export interface ModelRoutesParts {
  readonly models: Models;
  readonly workers: WorkerSupply;
  readonly engine: EngineBuild;
  readonly jobs: Jobs;
  readonly folders: Folders;
  readonly space: Space;
  readonly log: Log;
}

/** Of REST. */
export function modelRoutesOf(config: Config, parts: ModelRoutesParts): Route[] {
  const { models, workers, engine, jobs, folders, space, log } = parts;
  const maxBytes = config.model.max_upload_mb * 2 ** 20;
  const ladder = () => ({
    runtime: workers.runtime,
    refused: [...(engine.refusal ? [engine.refusal] : []), ...workers.refused],
  });
  const looking: SightOptions = {
    workers,
    prepareFor: preparations(config, folders, workers),
    detection: (card) => models.detection(card),
    idle: () => jobs.counts.running + jobs.counts.pending === 0,
  };
  const sights = new ModelSights({ jobsDir: folders.jobs, space, see: (what) => seePicture(what, looking) });
  return modelRoutes({ models, ladder, uploads: new ModelUploads({ models, maxBytes, space, log }), sights });
}

/** What a worker for a job on the model of a name is made of. It throws Fault 'model-not-found'. */
export function preparations(config: Config, folders: Folders, workers: WorkerSupply) {
  return async (name: string): Promise<Prepare> => {
    for (const path of pathsOf(config, folders, name)) {
      const found = await stat(path).catch(() => null); // it may lie in the other one
      if (found?.isFile()) return prepareFor(config, workers, { name, path });
    }
    throw new Fault('model-not-found', `The model "${name}" is not there any more.`);
  };
}

export interface ModelsPartOptions {
  readonly folders: Folders;
  readonly settings: Settings;
  readonly workers: WorkerSupply;
  readonly onChange: () => void;
  readonly log: Log;
}

export function openModels(config: Config, options: ModelsPartOptions): Promise<Models> {
  const { folders, workers, ...rest } = options;
  return Models.open({
    ...rest,
    operatorFolder: resolve(config.model.folder),
    ownFolder: resolve(folders.models),
    loaders: {
      get inUse() {
        const { model } = workers.prepare;
        const { card } = workers;
        return { place: model, card: card?.name === model.name ? card : null };
      },
      probe: async (model) => (await workers.probe(prepareFor(config, workers, model))).model,
      change: async (model, accept) => {
        await workers.change(prepareFor(config, workers, model), accept);
      },
    },
  });
}

/** Where it may lie. A worker may start in another folder. */
function pathsOf({ model }: Config, folders: Folders, name: string): string[] {
  return [model.folder, folders.models].map((place) => resolve(place, `${name}.onnx`));
}

/** Of the place, nothing but what the worker is to be told. */
function prepareFor(config: Config, workers: WorkerSupply, { name, path }: ModelPlace): Prepare {
  return { ...workers.prepare, providers: firstProviders(config), model: { name, path } };
}
