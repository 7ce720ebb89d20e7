// The models as the settings want them: where they lie, which one to begin with, and by whom they are loaded.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault } from '../contract/fault.ts';
import type { Log } from '../log.ts';
import type { Config } from './config.ts';
import type { Folders } from './folders.ts';
import type { EngineBuild } from './jobs/engine-build.ts';
import type { WorkerSupply } from './jobs/worker-supply.ts';
import type { ModelPlace } from './models/loaders.ts';
import { Models } from './models/models.ts';
import { Settings } from './models/settings.ts';
import { cleanStaging } from './models/staging.ts';
import type { Space } from './serve/incoming-file.ts';
import { modelRoutes } from './serve/model-routes.ts';
import { ModelUploads } from './serve/model-upload.ts';
import type { Route } from './serve/route.ts';
import { firstProviders } from './workers-part.ts';

const settingsFile = 'models.yaml';

/** Throws Fault 'config-invalid' where the operator's models.yaml is wrong. */
export async function openModelSettings(config: Config, folders: Folders, log: Log): Promise<Settings> {
  await cleanStaging(folders.models);
  const { folder, confidence, iou } = config.model;
  return Settings.open({
    operatorFile: join(folder, settingsFile),
    ownFile: join(folders.models, settingsFile),
    defaults: { confidence, iou },
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
    // A worker may start in another folder.
    const paths = [folder, folders.models].map((place) => resolve(place, `${name}.onnx`));
    const path = paths.find((file) => existsSync(file));
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
  readonly space: Space;
  readonly log: Log;
}

/** Of REST. */
export function modelRoutesOf(config: Config, parts: ModelRoutesParts): Route[] {
  const { models, workers, engine, space, log } = parts;
  const maxBytes = config.model.max_upload_mb * 2 ** 20;
  const ladder = () => ({
    runtime: workers.runtime,
    refused: [...(engine.refusal ? [engine.refusal] : []), ...workers.refused],
  });
  return modelRoutes({ models, ladder, uploads: new ModelUploads({ models, maxBytes, space, log }) });
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
  const prepareFor = (model: ModelPlace) => {
    return { ...workers.prepare, providers: firstProviders(config), model: placeOf(model) };
  };
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
      probe: async (model) => (await workers.probe(prepareFor(model))).model,
      change: async (model, accept) => {
        await workers.change(prepareFor(model), accept);
      },
    },
  });
}

/** Nothing but what the worker is to be told. */
function placeOf({ name, path }: ModelPlace): ModelPlace {
  return { name, path };
}
