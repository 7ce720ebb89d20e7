// Keeps a spare worker waiting, model loaded and warmed up, so that a job starts at once.
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard, Refusal } from '../../contract/frame.ts';
import type { RuntimeInfo } from '../../contract/runtime.ts';
import type { Log } from '../../log.ts';
import { type Supplied, whenLoaded } from './supplied.ts';
import { type Prepare, type Ready, WorkerProcess, type WorkerOptions } from './worker-process.ts';

interface SupplyOptions extends WorkerOptions {
  /** Told whenever a worker has loaded a model, or could not. */
  readonly onChange?: () => void;
}

/** Until a spare is tried again after one, two, more in a row that could not load their model; the next job tries at once. */
const retriesMs = [500, 5000, 30_000] as const;

export class WorkerSupply {
  readonly #options: SupplyOptions;
  readonly #log: Log;
  /** Every process that is not gone yet, spare or at work: none may outlive the daemon. */
  readonly #living = new Set<WorkerProcess>();
  /** What workers are made of from now on. */
  #prepare: Prepare;
  #changing: Promise<unknown> = Promise.resolve();
  #spare: WorkerProcess | undefined;
  #card: ModelCard | null = null;
  #refused: readonly Refusal[] = [];
  #runtime: RuntimeInfo | null = null;
  #fault: Fault | null = null;
  #faultSince = 0;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: SupplyOptions) {
    this.#options = options;
    this.#prepare = options.prepare;
    this.#log = options.log;
  }

  /** What the next worker is made of. */
  get prepare(): Prepare {
    return this.#prepare;
  }

  /** The model that the newest worker loaded; null until one has. */
  get card(): ModelCard | null {
    return this.#card;
  }

  /** Providers of the ladder that the newest worker could not use, each with its remedy. */
  get refused(): readonly Refusal[] {
    return this.#refused;
  }

  /** The ONNX Runtime that the newest worker loaded; null until one has. */
  get runtime(): RuntimeInfo | null {
    return this.#runtime;
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
    const supplied = await whenLoaded(worker, signal);
    if (this.#fault) this.#wellAgain();
    return supplied;
  }

  /**
   * A worker for one job that is made of something else; the spare stays for others. Rejects in the same way; what
   * comes of it is no fault of the supply.
   */
  async takeOther(prepare: Prepare, signal: AbortSignal): Promise<Supplied> {
    if (signal.aborted) throw new Fault('cancelled', 'Cancelled');
    return whenLoaded(this.#launch(prepare), signal);
  }

  /** Forks the next spare, unless there is one. When is for the owner of the queue to say. */
  refill(): void {
    if (this.#spare || this.#closed) return;
    this.#keep(this.#fork());
  }

  /** The spare is made anew: what it may see of this machine has changed. `prepare` says the same, and is another one. */
  renew(): void {
    this.#prepare = { ...this.#prepare };
    const before = this.#spare;
    if (!before) return;
    this.#spare = undefined;
    this.refill();
    void before.end();
  }

  #keep(spare: WorkerProcess): void {
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

  /**
   * Whether a worker can be made of this: it loads the model and leaves. No job gets it, and what comes of it is no
   * fault of the supply. Rejects with the Fault that says why not.
   */
  async probe(prepare: Prepare): Promise<Ready> {
    const worker = this.#launch(prepare);
    try {
      return await worker.ready;
    } finally {
      await worker.end();
    }
  }

  /**
   * Workers are made of this from now on. One that has loaded it takes the place of the spare, so that until then jobs
   * start as before, and from then on start at once; those that run finish on their own. `accept` is called in
   * between. Where it, or the worker, fails, all stays as it was, and the Fault is the caller's. Changes take turns.
   */
  change(prepare: Prepare, accept: (model: ModelCard) => Promise<void> = () => Promise.resolve()): Promise<Ready> {
    const turn = this.#changing.then(() => this.#change(prepare, accept));
    this.#changing = turn.catch(() => undefined); // told to whoever asked for it
    return turn;
  }

  async #change(prepare: Prepare, accept: (model: ModelCard) => Promise<void>): Promise<Ready> {
    const worker = this.#launch(prepare);
    const ready = await (async () => {
      const loaded = await worker.ready;
      await accept(loaded.model);
      if (this.#closed) throw new Fault('cancelled', 'The appliance is about to stop');
      return loaded;
    })().catch(async (error: unknown) => {
      await worker.end();
      throw error;
    });
    const before = this.#spare;
    this.#prepare = prepare;
    clearTimeout(this.#retry);
    this.#keep(worker);
    this.#loaded(ready);
    void before?.end();
    return ready;
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
    const prepare = this.#prepare;
    const worker = this.#launch(prepare);
    worker.ready.then(
      (ready) => {
        if (prepare === this.#prepare) this.#loaded(ready);
      },
      (reason: unknown) => {
        if (!(reason instanceof Fault)) throw reason;
        if (worker.dismissed) return; // its job was cancelled while it loaded, or the daemon closes
        this.#log.error({ worker: worker.pid, code: reason.code, reason: reason.message }, 'worker cannot start');
        void worker.end();
        if (prepare !== this.#prepare) return; // what workers are made of is known to be good
        this.#failures += 1;
        if (!this.#fault) this.#faultSince = performance.now();
        this.#fault = reason;
        this.#options.onChange?.();
      },
    );
    return worker;
  }

  #launch(prepare: Prepare): WorkerProcess {
    const worker = new WorkerProcess({ ...this.#options, prepare });
    this.#living.add(worker);
    void worker.gone.then(() => this.#living.delete(worker));
    return worker;
  }

  #loaded({ model, refused, runtime }: Ready): void {
    const news = this.#card?.sha256 !== model.sha256 || this.#card.provider !== model.provider;
    if (news) {
      this.#log.info({ model: model.name, provider: model.provider, onnxruntime: runtime }, 'model loaded');
    }
    for (const refusal of refused) {
      const told = this.#refused.some((other) => isDeepStrictEqual(other, refusal));
      if (!told) this.#log.warn({ ...refusal }, 'provider refused');
    }
    this.#refused = refused;
    this.#runtime = runtime ?? null;
    this.#card = model;
    this.#failures = 0;
    this.#fault = null;
    this.#options.onChange?.();
  }
}
