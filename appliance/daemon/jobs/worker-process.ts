// One worker process as the daemon sees it: launched, believed only in words that the contract knows, ended on every path.
import { Fault } from '../../contract/fault.ts';
import { FromWorker, type ToWorker } from '../../contract/ipc.ts';
import type { Log } from '../../log.ts';
import { type Confinement, type Entrance, plain } from './confinement.ts';
import { launch, type Launched } from './launch.ts';
import { MemoryWatch } from './memory-watch.ts';

export type Prepare = Extract<ToWorker, { type: 'prepare' }>;
export type Ready = Extract<FromWorker, { type: 'ready' }>;
export type Report = Exclude<FromWorker, Ready>;

export interface WorkerOptions {
  /** The module to run: the real worker, or a fixture of a test. */
  readonly entry: URL;
  readonly prepare: Prepare;
  /** A worker that has not loaded its model by then is ended. */
  readonly readyMs: number;
  /** Between asking a worker to leave and SIGABRT. */
  readonly graceMs: number;
  /** Plain where left out. */
  readonly confinement?: Confinement;
  /** Folders that it may write to, besides its job's. */
  readonly written?: readonly string[];
  /** Resident memory that it may take; a worker over it is ended. No bound where left out. */
  readonly memoryBytes?: number;
  readonly log: Log;
}

/** How a worker ended. */
export interface Ending {
  /** `signal SIGSEGV`, `exit code 1`, or why it never came to be. */
  readonly how: string;
  /** Set when it was ended for its memory, in bytes. */
  readonly memory: { readonly used: number; readonly allowed: number } | null;
}

/** Between SIGABRT, which a blocked thread still hears, and SIGKILL. */
const abortMs = 500;

export class WorkerProcess {
  readonly #launching: Promise<Launched>;
  readonly #graceMs: number;
  readonly #watch: MemoryWatch;
  #log: Log;
  #launched: Launched | undefined;
  #listener: ((report: Report) => void) | undefined;
  #heardAt: number | null = null;
  #collecting: Promise<unknown> = Promise.resolve();
  #loaded = false;
  #dismissed = false;
  /** Settles once: loaded and warmed up, or a Fault that says why not. */
  readonly ready: Promise<Ready>;
  /** Settles when the process is gone and its last message has been read. */
  readonly gone: Promise<Ending>;

  constructor({ confinement = plain, written, ...options }: WorkerOptions) {
    const { entry, prepare, readyMs, graceMs, memoryBytes, log } = options;
    this.#graceMs = graceMs;
    this.#log = log;
    this.#launching = launch(entry, confinement, prepare.model.path, written);
    this.#watch = new MemoryWatch({ allowed: memoryBytes ?? Infinity, onExcess: () => this.kill() });
    this.gone = this.#watchEnd();
    this.ready = this.#watchReady(readyMs);
    this.ready.catch(() => undefined); // who takes the worker awaits it; an untaken spare's end is told by `gone`
    this.send(prepare);
  }

  /** Of the process that was forked: the worker, or the monitor that its confinement puts around it. */
  get pid(): number | undefined {
    return this.#launched?.pid;
  }

  /** ms since 1970 of its last message; null before the first. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /** True once it was asked to leave: how it goes then is no news. */
  get dismissed(): boolean {
    return this.#dismissed;
  }

  /** One listener at a time: the job that has this worker. */
  onReport(listener: (report: Report) => void): void {
    this.#listener = listener;
  }

  /**
   * Makes a job's folder reachable for this worker and says by which paths. Once, before the `start` message. What it
   * writes there is in the job's folder at once. Throws where the disk does not let it.
   */
  async enter(jobFolder: string): Promise<Entrance> {
    const { seat } = await this.#launching;
    return seat.enter(jobFolder);
  }

  /**
   * Brings files that it made itself into the job's folder. Called while its last word is heard, it finds them: its place
   * is not cleared before. Throws as the file system does; ENOENT where one is not there.
   */
  collect(jobFolder: string, names: readonly string[]): Promise<void> {
    const collecting = this.#launching.then(({ seat }) => seat.collect(jobFolder, names));
    this.#collecting = collecting.catch(() => undefined); // told to whoever asked for it
    return collecting;
  }

  send(message: ToWorker): void {
    void this.#whenLaunched(({ child }) => {
      if (!child.connected) return; // it is gone, or going: `gone` tells
      child.send(message, (error) => {
        if (error) this.#log.debug({ err: error, type: message.type }, 'message did not reach the worker');
      });
    });
  }

  /** One with its model loaded: asks it to leave, then SIGABRT, then SIGKILL; resolves when it is gone. Not SIGTERM: a worker leaves that to its daemon. */
  async end(graceMs = this.#graceMs): Promise<void> {
    this.#dismissed = true;
    if (!this.#loaded) {
      // It has no job yet, and hears nothing while it starts and loads.
      await this.#whenLaunched((launched) => launched.kill());
      await this.gone;
      return;
    }
    this.send({ type: 'cancel' });
    if (await this.#goneWithin(graceMs)) return;
    const launched = await this.#launching;
    this.#log.warn('aborting worker');
    await launched.abort();
    if (await this.#goneWithin(abortMs)) return;
    this.kill();
    await this.gone;
  }

  /** For a worker that does not even answer: a blocked thread hears no message. */
  kill(): void {
    void this.#whenLaunched((launched) => {
      this.#log.warn('killing worker');
      return launched.kill();
    });
  }

  /** One that could not be launched has nothing to be told; `gone` says why. */
  #whenLaunched(act: (launched: Launched) => void | Promise<void>): Promise<void> {
    return this.#launching.then(act, () => undefined);
  }

  #watchReady(readyMs: number): Promise<Ready> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Fault('worker-hung', `The worker did not load its model within ${readyMs / 1000} s.`));
        this.kill();
      }, readyMs);
      void this.#whenLaunched(({ child }) => {
        child.on('message', (raw: unknown) => {
          const now = Date.now();
          this.#heardAt = now;
          const message = this.#read(raw, now);
          if (message.type === 'ready') {
            clearTimeout(timer);
            this.#loaded = true;
            resolve(message);
          } else {
            if (message.type === 'failed') reject(new Fault(message.code, message.message));
            this.#listener?.(message);
          }
        });
      });
      void this.gone.then(({ how }) => {
        clearTimeout(timer);
        reject(new Fault('worker-died', `The worker ended before its model was loaded: ${how}.`));
      });
    });
  }

  /** Words that the contract does not know are a failure like any other. */
  #read(raw: unknown, now: number): FromWorker {
    const { data, error } = FromWorker.safeParse(raw);
    // Its clock is not believed: what is recorded of it has to be a time, and none to come.
    if (data) return 'ts' in data ? { ...data, ts: Math.trunc(Math.min(Math.max(data.ts, 0), now)) } : data;
    this.#log.error({ issues: error.issues }, 'worker sent words that the contract does not know');
    return { type: 'failed', code: 'worker-lied', message: 'The worker sent a message that makes no sense.' };
  }

  async #watchEnd(): Promise<Ending> {
    let launched: Launched;
    try {
      launched = await this.#launching;
    } catch (err) {
      this.#log.error({ err }, 'worker could not be launched');
      return { how: err instanceof Error ? err.message : String(err), memory: null };
    }
    this.#launched = launched;
    this.#log = this.#log.child({ worker: launched.pid });
    this.#watch.open(launched);
    const how = await launched.ended;
    const memory = this.#watch.close();
    // For the log only: native libraries name paths in what they print, and the text goes to clients.
    const level = this.#dismissed ? 'info' : 'warn';
    if (how !== 'exit code 0') this.#log[level]({ how, memory, stderr: launched.stderr }, 'worker ended abruptly');
    await this.#collecting;
    await launched.seat.leave();
    return { how, memory };
  }

  async #goneWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const result = await Promise.race([this.gone.then(() => true), late]);
    clearTimeout(timer);
    return result;
  }
}
