// The models of the appliance while somebody looks at them: what there is, and what is ordered of each.
import type { ModelSettingsChange, ModelView } from '../../../appliance/contract/model-api.ts';
import { type Appliance, Refusal } from '../wire/appliance.ts';
import type { Question } from './question.svelte.ts';
import type { Uploads } from './uploads.svelte.ts';

export interface ModelsOptions {
  readonly appliance: Appliance;
  readonly question: Question;
  /** To a screen reader. */
  readonly say: (text: string) => void;
  /** `accepted` is told of each file that became a model. */
  readonly uploads: (accepted: (file: File) => void) => Uploads;
}

/** Models come and go in folders, and are checked one after another. */
const lookMs = 2000;

export class Models {
  /** True while they are looked at. */
  open = $state(false);
  /** By name; null until they are known. */
  list = $state.raw<readonly ModelView[] | null>(null);
  /** Why the last order failed; `of`: the model that it was about, null where it was about all. */
  problem = $state.raw<{ readonly of: string | null; readonly message: string } | null>(null);
  /** The model that an order is under way for. */
  busy = $state<string | null>(null);
  readonly uploads: Uploads;

  readonly #options: ModelsOptions;
  #looking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.uploads = options.uploads((file) => {
      options.say(`${file.name} has arrived`);
      void this.#look();
    });
  }

  show(): void {
    this.open = true;
    this.problem = null;
    void this.#look();
  }

  /** What is on its way goes on. */
  hide(): void {
    this.open = false;
    clearTimeout(this.#timer);
    this.#looking?.abort();
  }

  /** Jobs that start from now on run on it. */
  use(name: string): Promise<boolean> {
    return this.#order(name, () => this.#options.appliance.useModel(name), `${name} is in use`);
  }

  /** True when it is kept. */
  configure(name: string, change: ModelSettingsChange): Promise<boolean> {
    return this.#order(name, () => this.#options.appliance.configureModel(name, change), `${name}: saved`);
  }

  async remove(name: string): Promise<void> {
    const yes = await this.#options.question.ask({
      title: `Remove ${name}?`,
      body: 'The model is deleted from this appliance. Results that it has found stay.',
      yes: 'Remove',
      no: 'Keep it',
    });
    if (yes) await this.#order(name, () => this.#options.appliance.removeModel(name), `${name} is removed`);
  }

  async #order(name: string, order: () => Promise<void>, done: string): Promise<boolean> {
    this.busy = name;
    this.problem = null;
    try {
      await order();
      this.#options.say(done);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problem = { of: name, message: error.message };
      return false;
    } finally {
      this.busy = null;
      void this.#look();
    }
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#looking?.abort();
    if (!this.open) return;
    const looking = new AbortController();
    this.#looking = looking;
    try {
      this.list = await this.#options.appliance.models(looking.signal);
      if (this.problem?.of === null) this.problem = null;
    } catch (error) {
      if (looking.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = { of: null, message: error.message };
    }
    if (!looking.signal.aborted) this.#timer = setTimeout(() => void this.#look(), lookMs);
  }
}
