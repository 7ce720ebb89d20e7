// What one job runs on, and by which settings: those of the appliance, and above them what its submit asked for.
import type { DetectionSettings } from '../../contract/detection.ts';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { JobOptions } from '../../contract/job-options.ts';
import type { PluginPlace } from '../../contract/outside-plugins.ts';
import type { Supplied } from './supplied.ts';
import type { Prepare } from './worker-process.ts';
import type { WorkerSupply } from './worker-supply.ts';

export interface JobTermsOptions {
  readonly workers: WorkerSupply;
  /** What of this model's detections is told, and by which names. */
  readonly detection: (model: ModelCard) => DetectionSettings;
  /** What a worker for the model of this name is made of. Throws Fault 'model-not-found'. */
  readonly prepareFor: (model: string) => Promise<Prepare>;
  /** Left out where there is none but the built-in plugin. */
  readonly plugins?: PluginPlaces;
}

export interface PluginPlaces {
  /** Null for a built-in plugin. Throws Fault 'plugin-not-found' or 'plugin-broken'. */
  placeOf(id: string): Promise<PluginPlace | null>;
}

export class JobTerms {
  readonly #asked: JobOptions;
  readonly #options: JobTermsOptions;
  #ownModel = false;
  /** Taken when it began; other workers of the same model go on by them. */
  #kept: { readonly sha256: string; readonly settings: DetectionSettings } | null = null;

  constructor(asked: JobOptions, options: JobTermsOptions) {
    this.#asked = asked;
    this.#options = options;
  }

  /** True where the job runs on a model that is not in use: that none can be had is its own failure, and nobody else's. */
  get ownModel(): boolean {
    return this.#ownModel;
  }

  /** A worker with the model loaded. Throws as the supply does, and Fault 'model-not-found' or 'model-invalid'. */
  async take(signal: AbortSignal): Promise<Supplied> {
    const { workers, prepareFor } = this.#options;
    const { model: wanted } = this.#asked;
    this.#ownModel = wanted !== null;
    if (wanted === null) return workers.take(signal);
    const prepare = await prepareFor(wanted);
    this.#ownModel = prepare.model.path !== workers.prepare.model.path;
    if (!this.#ownModel) return workers.take(signal);
    return workers.takeOther(prepare, signal).catch((error: unknown) => {
      throw unloaded(error, prepare);
    });
  }

  /** What the worker must know beside the plugin's id. Throws as `plugins` do, and Fault 'cancelled' when `signal` is aborted. */
  async placeOf(pluginId: string, signal: AbortSignal): Promise<{ readonly plugin?: PluginPlace }> {
    if (signal.aborted) throw new Fault('cancelled', 'Cancelled'); // its event has been, and is heard no more
    const calledOff = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Fault('cancelled', 'Cancelled')), { once: true });
    });
    calledOff.catch(() => undefined); // the place may have come before
    const plugin = await Promise.race([this.#options.plugins?.placeOf(pluginId) ?? null, calledOff]);
    return plugin ? { plugin } : {};
  }

  /** Of the job on this model. Throws Fault 'model-refused' where it has none of the classes that were asked for. */
  settingsFor(card: ModelCard): DetectionSettings {
    const settings = this.#kept?.sha256 === card.sha256 ? this.#kept.settings : this.#settings(card);
    this.#kept = { sha256: card.sha256, settings };
    return settings;
  }

  #settings(card: ModelCard): DetectionSettings {
    const { confidence, classes } = this.#asked;
    const own = this.#options.detection(card);
    const known = classes?.filter((name) => card.classes.includes(name));
    if (classes && known?.length === 0) {
      const names = classes.map((name) => `"${name}"`).join(', ');
      throw new Fault('model-refused', `The model "${card.name}" has no class of those that were asked for: ${names}.`);
    }
    return { ...own, confidence: confidence ?? own.confidence, classes: known ?? own.classes };
  }
}

/** Without the place where the file lies, which is nobody's business on the network. */
function unloaded(error: unknown, { model: { name, path } }: Prepare): unknown {
  if (!(error instanceof Fault) || error.code === 'cancelled') return error;
  const reason = error.message.replaceAll(path, `${name}.onnx`);
  return new Fault('model-invalid', `The model "${name}" cannot be loaded: ${reason}`, { cause: error });
}
