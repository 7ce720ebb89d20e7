// The models of the appliance: what there is, what is ordered of each, and those on their way in.
import type { ModelList, ModelSettingsChange, ModelSight, ModelView } from '../../../appliance/contract/model-api.ts';
import type { Appliance } from '../wire/appliance.ts';
import { Refusal } from '../wire/requests.ts';
import type { Refused } from '../wire/answers.ts';
import type { Uploads } from './uploads.svelte.ts';

export interface ModelsOptions {
  readonly appliance: Pick<Appliance, 'models' | 'useModel' | 'configureModel' | 'removeModel' | 'checkModel'>;
  /** `accepted` is told of each file that became a model. */
  readonly uploads: (accepted: (file: File) => void) => Uploads;
}

export type ModelOrder = 'use' | 'configure' | 'remove';

/** While a model is being checked, where push does not tell of its end. */
const checkingMs = 2000;

export class Models {
  /** By name; null until they are known. */
  list = $state.raw<readonly ModelView[] | null>(null);
  /** The providers, as the workers found them; null until they are known. */
  ladder = $state.raw<ModelList['ladder'] | null>(null);
  /** Why the list could not be had. */
  problem = $state.raw<Refused | null>(null);
  /** Why the last order failed, and which model it was about. */
  refusal = $state.raw<{ readonly of: string; readonly refused: Refused } | null>(null);
  /** The order that is under way. */
  busy = $state.raw<{ readonly of: string; readonly order: ModelOrder } | null>(null);
  readonly uploads: Uploads;

  readonly #options: ModelsOptions;
  /** How many parts of the screen look at them. */
  #lookers = 0;
  /** The list is about to be asked for. */
  #due = false;
  #asking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.uploads = options.uploads(() => this.look());
  }

  get(name: string): ModelView | undefined {
    return this.list?.find((model) => model.name === name);
  }

  /** Keeps the list true until the function that it returns is called. What is on its way in goes on. */
  watch(): () => void {
    this.#lookers += 1;
    this.look();
    return () => {
      this.#lookers -= 1;
      if (this.#lookers > 0) return;
      clearTimeout(this.#timer);
      this.#asking?.abort();
      this.refusal = null;
    };
  }

  /** Asks for the list where anybody looks at it; once for all who say so together. */
  look(): void {
    if (this.#lookers === 0 || this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#lookers > 0) void this.#ask();
    });
  }

  /** Resolves when a worker has loaded it: jobs that start from now on run on it. True where it is so. */
  use(name: string): Promise<boolean> {
    return this.#order(name, 'use', () => this.#options.appliance.useModel(name));
  }

  /** True when it is kept. */
  configure(name: string, change: ModelSettingsChange): Promise<boolean> {
    return this.#order(name, 'configure', () => this.#options.appliance.configureModel(name, change));
  }

  remove(name: string): Promise<boolean> {
    return this.#order(name, 'remove', () => this.#options.appliance.removeModel(name));
  }

  /** What it sees in a PNG or JPEG. Throws Refusal. */
  check(name: string, picture: Blob, signal: AbortSignal): Promise<ModelSight> {
    return this.#options.appliance.checkModel(name, picture, signal);
  }

  async #order(name: string, order: ModelOrder, work: () => Promise<void>): Promise<boolean> {
    this.busy = { of: name, order };
    this.refusal = null;
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Who gave no PIN knows why nothing happened.
      if (error.refused.code !== 'pin-required') this.refusal = { of: name, refused: error.refused };
      return false;
    } finally {
      this.busy = null;
      this.look();
    }
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const { models, ladder } = await this.#options.appliance.models(asking.signal);
      this.list = models;
      this.ladder = ladder;
      this.problem = null;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = error.refused;
    }
    const checking = this.list?.some(({ state }) => state === 'checking') === true;
    if (checking && !asking.signal.aborted) this.#timer = setTimeout(() => this.look(), checkingMs);
  }
}
