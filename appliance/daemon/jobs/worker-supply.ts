// Keeps a spare worker waiting, model loaded and warmed up, so that a job starts at once.
import type { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import { type Ready, WorkerProcess, type WorkerOptions } from './worker-process.ts';

interface SupplyOptions extends WorkerOptions {
  /** Told whenever a worker has loaded a model, or could not. */
  readonly onChange?: () => void;
}

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

  /** True while a spare is there, loaded or loading. */
  get stocked(): boolean {
    return this.#spare !== undefined;
  }

  /** Forks the first spare. Rejects with the Fault that keeps it from working, so that a start can be refused. */
  async open(): Promise<Ready> {
    this.refill();
    const spare = this.#spare;
    if (!spare) throw new Error('supply is closed');
    return spare.ready;
  }

  /** A worker for one job: the spare, or a fresh one. Rejects with a Fault when none can be made ready. */
  async take(): Promise<Supplied> {
    const worker = this.#spare ?? this.#fork();
    this.#spare = undefined;
    const { model } = await worker.ready;
    return { worker, model };
  }

  /** Forks the next spare, unless there is one. Called once a job is under way, so that its start has the machine. */
  refill(): void {
    if (this.#spare || this.#closed) return;
    const spare = this.#fork();
    this.#spare = spare;
    let loaded = false;
    spare.ready.then(
      () => (loaded = true),
      () => undefined, // told by `fault`
    );
    void spare.gone.then((how) => {
      if (this.#spare !== spare) return;
      this.#spare = undefined;
      if (this.#closed) return;
      this.#log.warn({ worker: spare.pid, how }, 'spare worker went away');
      // One that cannot even load is not forked again and again: the next job tries, and fails with the reason.
      if (loaded) this.refill();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#spare = undefined;
    await Promise.all([...this.#living].map((worker) => worker.end()));
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
        this.#fault = null;
        this.#options.onChange?.();
      },
      (fault: Fault) => {
        if (this.#closed) return;
        this.#log.error({ worker: worker.pid, code: fault.code, reason: fault.message }, 'worker cannot start');
        this.#fault = fault;
        this.#options.onChange?.();
        void worker.end();
      },
    );
    return worker;
  }
}
