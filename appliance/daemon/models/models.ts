// The models as people handle them: seen, brought, chosen, set and removed while the appliance runs.
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DetectionSettings } from '../../contract/detection.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { ModelSettingsChange, ModelView } from '../../contract/model-api.ts';
import type { Log } from '../../log.ts';
import { syncFolder } from '../record/sync-folder.ts';
import { Catalogue, type Listed, reasonOf, type Verdict } from './catalogue.ts';
import { FolderWatch } from './folder-watch.ts';
import type { Loaders, ModelPlace } from './loaders.ts';
import { describe, type ModelFile, type ModelFolder } from './scan.ts';
import type { Settings } from './settings.ts';
import { type Staging, stage } from './staging.ts';

export interface ModelsOptions {
  /** The operator's folder; it may be read-only. */
  readonly operatorFolder: string;
  /** Takes uploaded models. */
  readonly ownFolder: string;
  readonly settings: Settings;
  readonly loaders: Loaders;
  /** Something about the model in use is new. */
  readonly onChange: () => void;
  readonly log: Log;
}

export class Models {
  readonly #options: ModelsOptions;
  readonly #catalogue: Catalogue;
  readonly #own: ModelFolder;
  readonly #folders: readonly ModelFolder[];
  #watch: FolderWatch | undefined;
  /** Files that are about to be in use. */
  readonly #wanted = new Set<string>();
  /** Names of uploads that are under way. */
  readonly #claimed = new Set<string>();
  /** The file that the workers have loaded, as it was then. */
  #loaded: { readonly path: string; readonly key: string } | null = null;

  private constructor(options: ModelsOptions) {
    const { operatorFolder, ownFolder, loaders, log } = options;
    this.#options = options;
    this.#own = { path: ownFolder, origin: 'upload' };
    const others = operatorFolder === ownFolder ? [] : [{ path: operatorFolder, origin: 'folder' } as const];
    this.#folders = [...others, this.#own];
    this.#catalogue = new Catalogue({
      folders: this.#folders,
      probe: (file) => loaders.probe(file),
      known: (file) => (this.#isLoaded(file) ? loaders.inUse.card : null),
      onVerdict: (file, verdict) => this.#heed(file, verdict),
      log,
    });
  }

  /** To be called before the first worker loads the model in use. */
  static async open(options: ModelsOptions): Promise<Models> {
    const models = new Models(options);
    const { name, path } = options.loaders.inUse.place;
    const folder = models.#folders.find((one) => join(one.path, `${name}.onnx`) === path);
    models.#loaded = folder ? await describe(folder, name) : null;
    return models;
  }

  /** From now on a file that is put into a folder is noticed without being asked for. */
  begin(): void {
    this.#watch = new FolderWatch({
      folders: this.#folders.map((one) => one.path),
      onChange: () =>
        void this.#lookAgain().catch((err: unknown) => {
          this.#options.log.error({ err }, 'models cannot be listed');
        }),
      log: this.#options.log,
    });
  }

  /** Sorted by name. */
  async list(): Promise<ModelView[]> {
    await this.#options.settings.refresh();
    return (await this.#catalogue.list()).map((file) => this.#view(file));
  }

  /** Throws Fault 'model-not-found'. */
  async get(name: string): Promise<ModelView> {
    await this.#options.settings.refresh();
    return this.#view(found(name, await this.#catalogue.find(name)));
  }

  /** The same when a worker has seen it. */
  async seen(name: string): Promise<ModelView> {
    return this.#view(found(name, await this.#catalogue.findChecked(name)));
  }

  /**
   * Jobs that start from now on run on it; those that run finish on theirs. Throws Fault 'model-not-found', or
   * 'model-refused' where it cannot be loaded, or its settings do not fit it: then all stays as it was.
   */
  async use(name: string): Promise<ModelView> {
    const { settings, log } = this.#options;
    await settings.refresh();
    const file = found(name, await this.#catalogue.find(name));
    if (file.misnamed !== null) throw new Fault('model-refused', file.misnamed);
    const card = await this.#change(file, async ({ classes }) => {
      const mistake = settings.mistakeIn(name, classes);
      if (mistake !== null) throw new Fault('model-refused', `The settings of ${name} do not fit it. ${mistake}`);
      await settings.setDefault(name);
    });
    log.info({ model: name, sha256: card.sha256 }, 'model changed');
    return this.get(name);
  }

  /** Holds for jobs that start from now on. Throws Fault 'model-not-found', or 'model-refused' where it does not fit. */
  async configure(name: string, change: ModelSettingsChange): Promise<ModelView> {
    const { verdict } = found(name, await this.#catalogue.findChecked(name));
    if (verdict.kind !== 'usable') throw new Fault('model-refused', `${name} cannot be used: ${whyNot(verdict)}`);
    await this.#options.settings.change(name, change, verdict.card.classes);
    this.#options.onChange();
    return this.get(name);
  }

  /** Of one that was uploaded. Throws Fault 'model-not-found', 'model-in-use', or 'not-allowed' for the operator's. */
  async remove(name: string): Promise<void> {
    const file = found(name, await this.#catalogue.find(name));
    const theirs = `${name} lies in the operator's folder of models; only its owner removes it there`;
    if (file.origin !== 'upload') throw new Fault('not-allowed', theirs);
    if (this.#isInUse(file) || this.#wanted.has(file.path))
      throw new Fault('model-in-use', `${name} is in use. Use another model first.`);
    await this.#options.settings.forget(name);
    for (const ending of ['.onnx', '.json', '.labels.json']) {
      await rm(join(this.#own.path, `${name}${ending}`), { force: true });
    }
    await syncFolder(this.#own.path);
  }

  /**
   * Takes a model in that `fill` has put into a folder, when a worker has loaded it. Whatever goes wrong, nothing stays
   * behind. Throws Fault 'model-refused' where no worker can load it, and what `fill` throws.
   */
  async receive(fill: (staging: Staging) => Promise<void>): Promise<ModelView> {
    const { loaders } = this.#options;
    const taken = new Set((await this.#catalogue.list()).map((file) => file.name));
    return stage({ folder: this.#own.path, taken, claimed: this.#claimed }, fill, async ({ name, path, labels }) => {
      const card = await loaders.probe({ name, path }).catch((error: unknown) => {
        throw refused(error, { name, path });
      });
      if (labels !== null) await rename(labels, join(this.#own.path, `${name}.json`));
      await rename(path, join(this.#own.path, `${name}.onnx`));
      await syncFolder(this.#own.path);
      const file = await describe(this.#own, name);
      if (file) this.#catalogue.learn(file, { kind: 'usable', card });
      return this.get(name);
    });
  }

  /** What a job that starts now takes. */
  detection(card: ModelCard): DetectionSettings {
    return this.#options.settings.of(card.name);
  }

  /** A sentence while the settings are not as they should be, else null. */
  get complaint(): string | null {
    const { settings, loaders } = this.#options;
    const { card } = loaders.inUse;
    return settings.complaint ?? (card && settings.mistakeIn(card.name, card.classes));
  }

  close(): void {
    this.#watch?.close();
    this.#catalogue.close();
  }

  async #change(file: ModelFile, accept: (card: ModelCard) => Promise<void>): Promise<ModelCard> {
    let card: ModelCard | undefined;
    this.#wanted.add(file.path);
    await this.#options.loaders
      .change(file, async (loaded) => {
        await accept(loaded);
        card = loaded;
        this.#remember();
        this.#loaded = file;
      })
      .catch((error: unknown) => {
        throw refused(error, file);
      })
      .finally(() => this.#wanted.delete(file.path));
    if (!card) throw new Error('a model was changed that nobody accepted');
    this.#catalogue.learn(file, { kind: 'usable', card });
    return card;
  }

  /** What is known of the model that was in use until now. */
  #remember(): void {
    const { card } = this.#options.loaders.inUse;
    if (this.#loaded && card) this.#catalogue.learn(this.#loaded, { kind: 'usable', card });
  }

  /** The file of the model in use was replaced: new jobs get what lies there now. */
  #heed(file: ModelFile, verdict: Verdict): void {
    const { loaders, log } = this.#options;
    if (!this.#isInUse(file) || verdict.kind !== 'usable' || this.#isLoaded(file)) return;
    this.#change(file, () => Promise.resolve()).then(
      ({ sha256 }) => log.info({ model: file.name, sha256, before: loaders.inUse.card?.sha256 }, 'model was replaced'),
      (err: unknown) => log.error({ err, model: file.name }, 'model was replaced by one that cannot be used'),
    );
  }

  async #lookAgain(): Promise<void> {
    await this.#options.settings.refresh();
    await this.#catalogue.list();
    this.#options.onChange();
  }

  #isInUse(file: ModelPlace): boolean {
    return file.path === this.#options.loaders.inUse.place.path;
  }

  #isLoaded(file: ModelFile): boolean {
    return this.#isInUse(file) && file.key === this.#loaded?.key;
  }

  #view(file: Listed): ModelView {
    const { name, origin, bytes, verdict } = file;
    return {
      name,
      in_use: this.#isInUse(file),
      state: verdict.kind,
      reason: verdict.kind === 'unusable' ? verdict.reason : null,
      origin,
      size_bytes: bytes,
      card: verdict.kind === 'usable' ? { ...verdict.card, name } : null,
      settings: this.#options.settings.of(name),
    };
  }
}

function found(name: string, file: Listed | undefined): Listed {
  if (!file) throw new Fault('model-not-found', `There is no model ${name}`);
  return file;
}

function whyNot(verdict: Verdict): string {
  return verdict.kind === 'unusable' ? verdict.reason : 'no worker has loaded it yet';
}

/** Why a worker could not load it is the caller's to hear, as a refusal of this one model. */
function refused(error: unknown, place: ModelPlace): unknown {
  if (!(error instanceof Fault) || error.code === 'model-refused' || error.code === 'cancelled') return error;
  return new Fault('model-refused', reasonOf(error, place), { cause: error });
}
