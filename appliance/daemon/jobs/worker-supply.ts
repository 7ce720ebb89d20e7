// Keeps a spare worker waiting, model loaded and warmed up, so that a job starts at once.
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import { type Ready, WorkerProcess, type WorkerOptions } from './worker-process.ts';

interface SupplyOptions extends WorkerOptions {
  /** Told whenever a worker has loaded a model, or could not. */
  readonly onChange?: () => void;
}

/** Until a spare is tried again after one, two, more in a row that could not load their model; the next job tries at once. */
const retriesMs = [500, 5000, 30_000] as const;

export interface Supplied {
  readonly worker: WorkerProcess;
  readonly model: ModelCard;
}

export class WorkerSupply {
  readonly #options: SupplyOptions;
  readonly #log: Log;
  /** Every process that is not gone yet, spare or at work: none may outlive the daemon. */
  readonly #living = new Set<WorkerProcess>();
  #spare: WorkerProcess | undefined;
  #card: ModelCard | null = null;
  #fault: Fault | null = null;
  #faultSince = 0;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: SupplyOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** The model that the newest worker loaded; null until one has. */
  get card(): ModelCard | null {
    return this.#card;
  }

  /** Why the newest worker could not be made ready; null while all is well. */
  get fault(): Fault | null {
    return this.#fault;
  }

  /** How long `fault` has stood; 0 while all is well. */
  get faultMs(): number {
    return this.#fault ? performance.now() - this.#faultSince : 0;
  }

  /** True while a spare is there, loaded or loading. */
  get stocked(): boolean {
    return this.#spare !== undefined;
  }

  /** ms since 1970 when any worker last said something; null while none has. */
  get heardAt(): number | null {
    return [...this.#living].reduce<number | null>((latest, { heardAt }) => {
      return heardAt === null ? latest : Math.max(latest ?? 0, heardAt);
    }, null);
  }

  /** Forks the first spare. Rejects with the Fault that keeps it from working, so that a start can be refused. */
  async open(): Promise<Ready> {
    this.refill();
    const spare = this.#spare;
    if (!spare) throw new Error('supply is closed');
    return spare.ready;
  }

  /**
   * A worker for one job: the spare, or a fresh one. Rejects with a Fault when none can be made ready; with Fault
   * 'cancelled' at once when `signal` is aborted, even while a model is still loading.
   */
  async take(signal: AbortSignal): Promise<Supplied> {
    if (signal.aborted) throw new Fault('cancelled', 'Cancelled');
    const worker = this.#spare ?? this.#fork();
    this.#spare = undefined;
    let giveUp = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => reject(new Fault('cancelled', 'Cancelled'));
      signal.addEventListener('abort', giveUp, { once: true });
    });
    try {
      const { model } = await Promise.race([worker.ready, aborted]);
      if (this.#fault) this.#wellAgain();
      return { worker, model };
    } catch (error) {
      void worker.end();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Forks the next spare, unless there is one. When is for the owner of the queue to say. */
  refill(): void {
    if (this.#spare || this.#closed) return;
    const spare = this.#fork();
    this.#spare = spare;
    let loaded = false;
    spare.ready.then(
      () => (loaded = true),
      () => undefined, // told by `fault`
    );
    void spare.gone.then(({ how }) => {
      if (this.#spare !== spare) return;
      this.#spare = undefined;
      if (this.#closed) return;
      this.#log.warn({ worker: spare.pid, how }, 'spare worker went away');
      // One that cannot even load is not forked again and again.
      const wait = retriesMs[Math.min(this.#failures, retriesMs.length - 1)] ?? 0;
      this.#retry = setTimeout(() => this.refill(), loaded ? 0 : wait);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#spare = undefined;
    await Promise.all([...this.#living].map((worker) => worker.end()));
  }

  /** The one that was taken had loaded before the last one failed. */
  #wellAgain(): void {
    this.#fault = null;
    this.#options.onChange?.();
  }

  #fork(): WorkerProcess {
    const worker = new WorkerProcess(this.#options);
    this.#living.add(worker);
    void worker.gone.then(() => this.#living.delete(worker));
    worker.ready.then(
      ({ model, refused }) => {
        const news = this.#card?.sha256 !== model.sha256 || this.#card.provider !== model.provider;
        if (news) this.#log.info({ model: model.name, provider: model.provider, refused }, 'model loaded');
        this.#card = model;
        this.#failures = 0;
        this.#fault = null;
        this.#options.onChange?.();
      },
      (reason: unknown) => {
        if (!(reason instanceof Fault)) throw reason;
        if (worker.dismissed) return; // its job was cancelled while it loaded, or the daemon closes
        this.#log.error({ worker: worker.pid, code: reason.code, reason: reason.message }, 'worker cannot start');
        this.#failures += 1;
        if (!this.#fault) this.#faultSince = performance.now();
        this.#fault = reason;
        this.#options.onChange?.();
        void worker.end();
      },
    );
    return worker;
  }
}
