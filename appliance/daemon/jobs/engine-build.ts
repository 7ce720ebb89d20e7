// Builds a TensorRT engine in a worker of its own, which takes minutes, while jobs go on with the rest of the ladder.
import { Fault } from '../../contract/fault.ts';
import type { Provider, Refusal } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import { type Prepare, WorkerProcess, type WorkerOptions } from './worker-process.ts';
import type { WorkerSupply } from './worker-supply.ts';

export interface EngineBuildOptions {
  /** Of the worker that builds: it alone may write engines, and has the time that they take. */
  readonly worker: Omit<WorkerOptions, 'prepare' | 'log'>;
  /** Those for the jobs, which begin with `withoutTensorrt`. */
  readonly workers: Pick<WorkerSupply, 'prepare' | 'card' | 'change'>;
  /** The whole of it. */
  readonly ladder: readonly Provider[];
  /** A build has begun or is over. */
  readonly onChange: () => void;
  readonly log: Log;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'building'; readonly sha256: string; readonly since: number; readonly worker: WorkerProcess }
  | { readonly kind: 'built'; readonly sha256: string }
  | { readonly kind: 'refused'; readonly sha256: string; readonly refusal: Refusal };

/** What workers are made of while there is no engine; the whole ladder where nothing else is on it. */
export function withoutTensorrt(ladder: readonly Provider[]): Provider[] {
  const rest = ladder.filter((provider) => provider !== 'tensorrt');
  return rest.length > 0 ? rest : [...ladder];
}

export class EngineBuild {
  readonly #options: EngineBuildOptions;
  #state: State = { kind: 'idle' };
  #closed = false;

  constructor(options: EngineBuildOptions) {
    this.#options = options;
  }

  /** Null while nothing is built. `since`: ms since 1970. */
  get building(): { readonly provider: 'tensorrt'; readonly since: number } | null {
    return this.#state.kind === 'building' ? { provider: 'tensorrt', since: this.#state.since } : null;
  }

  /** Why there is no engine of the model in use; null where there is one, or it is not known yet. */
  get refusal(): Refusal | null {
    return this.#state.kind === 'refused' ? this.#state.refusal : null;
  }

  /** To be called whenever the workers have loaded a model: another one gets an engine of its own. One that failed is not tried again. */
  follow(): void {
    const { workers, ladder } = this.#options;
    const { card, prepare } = workers;
    if (this.#closed || card === null || !ladder.includes('tensorrt') || prepare.providers.includes('tensorrt')) return;
    if (this.#state.kind !== 'idle' && this.#state.sha256 === card.sha256) return;
    if (this.#state.kind === 'building') void this.#state.worker.end();
    void this.#build(prepare, card.sha256);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#state.kind === 'building') await this.#state.worker.end();
  }

  async #build(prepare: Prepare, sha256: string): Promise<void> {
    const { worker: options, onChange, log } = this.#options;
    // The CPU behind it, so that a refusal comes back with its remedy.
    const worker = new WorkerProcess({ ...options, prepare: { ...prepare, providers: ['tensorrt', 'cpu'] }, log });
    const since = Date.now();
    this.#state = { kind: 'building', sha256, since, worker };
    log.info({ model: prepare.model.name, provider: 'tensorrt' }, 'engine build began');
    onChange();

    const refusal = await refusalOf(worker);
    await worker.end();
    if (!this.#isFor(worker)) return; // the model was changed, or the appliance ends
    if (refusal === null) {
      log.info({ model: prepare.model.name, ms: Date.now() - since }, 'engine is built');
      this.#state = { kind: 'built', sha256 };
      await this.#useIt(prepare);
    } else {
      log.warn({ model: prepare.model.name, ...refusal }, 'engine cannot be built');
      this.#state = { kind: 'refused', sha256, refusal };
    }
    onChange();
  }

  #isFor(worker: WorkerProcess): boolean {
    return !this.#closed && this.#state.kind === 'building' && this.#state.worker === worker;
  }

  async #useIt(built: Prepare): Promise<void> {
    const { workers, ladder, log } = this.#options;
    try {
      await workers.change({ ...built, providers: [...ladder] }, () => {
        const same = workers.prepare.model.path === built.model.path;
        return same ? Promise.resolve() : Promise.reject(new Fault('cancelled', 'The model was changed meanwhile'));
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.warn({ model: built.model.name, code: error.code, reason: error.message }, 'engine is not used');
    }
  }
}

/** Null where the engine is built. */
async function refusalOf(worker: WorkerProcess): Promise<Refusal | null> {
  const remedy = 'take tensorrt out of model.providers, or see docs/jetson.md';
  try {
    const { model, refused } = await worker.ready;
    if (model.provider === 'tensorrt') return null;
    return refused.find(({ provider }) => provider === 'tensorrt') ?? unknown('it was passed over', remedy);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return unknown(error.message, remedy);
  }
}

function unknown(reason: string, remedy: string): Refusal {
  return { provider: 'tensorrt', reason, remedy };
}
