// One worker process as the daemon sees it: forked, believed only in words that the contract knows, ended on every path.
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../contract/fault.ts';
import { FromWorker, type ToWorker } from '../../contract/ipc.ts';
import type { Log } from '../../log.ts';

type Prepare = Extract<ToWorker, { type: 'prepare' }>;
export type Ready = Extract<FromWorker, { type: 'ready' }>;
export type Report = Exclude<FromWorker, Ready>;

export interface WorkerOptions {
  /** The module to fork: the real worker, or a fixture of a test. */
  readonly entry: URL;
  readonly prepare: Prepare;
  /** A worker that has not loaded its model by then is ended. */
  readonly readyMs: number;
  /** Between asking a worker to leave and SIGKILL. */
  readonly graceMs: number;
  readonly log: Log;
}

/** Lines of a worker's stderr that are kept to explain its death. */
const keptLines = 20;

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #graceMs: number;
  readonly #log: Log;
  readonly #stderr: string[] = [];
  #listener: ((report: Report) => void) | undefined;
  #heardAt: number | null = null;
  #dismissed = false;
  /** Settles once: loaded and warmed up, or a Fault that says why not. */
  readonly ready: Promise<Ready>;
  /** Settles when the process is gone and its last message has been read. The text says how it went. */
  readonly gone: Promise<string>;

  constructor({ entry, prepare, readyMs, graceMs, log }: WorkerOptions) {
    this.#graceMs = graceMs;
    this.#child = fork(fileURLToPath(entry), {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      // GStreamer's binding holds two pool threads a pipeline; with the default of four, file access would starve.
      env: { ...process.env, UV_THREADPOOL_SIZE: '8' }, // eslint-disable-line no-restricted-properties -- passed on, not read
    });
    this.#log = log.child({ worker: this.#child.pid });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    this.gone = this.#watchEnd();
    this.ready = this.#watchReady(readyMs);
    this.ready.catch(() => undefined); // who takes the worker awaits it; an untaken spare's end is told by `gone`
    this.send(prepare);
  }

  get pid(): number | undefined {
    return this.#child.pid;
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

  send(message: ToWorker): void {
    if (!this.#child.connected) return; // it is gone, or going: `gone` tells
    this.#child.send(message, (error) => {
      if (error) this.#log.debug({ err: error, type: message.type }, 'message did not reach the worker');
    });
  }

  /** Asks it to leave, then SIGKILL; returns when it is gone. Not SIGTERM: a worker leaves that to its daemon. */
  async end(): Promise<void> {
    this.#dismissed = true;
    this.send({ type: 'cancel' });
    if (await this.#goneWithin(this.#graceMs)) return;
    this.kill();
    await this.gone;
  }

  /** For a worker that does not even answer: a blocked thread hears no message. */
  kill(): void {
    this.#log.warn('killing worker');
    this.#child.kill('SIGKILL');
  }

  #watchReady(readyMs: number): Promise<Ready> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Fault('worker-hung', `The worker did not load its model within ${readyMs / 1000} s.`));
        this.kill();
      }, readyMs);
      this.#child.on('message', (raw: unknown) => {
        this.#heardAt = Date.now();
        const message = this.#read(raw);
        if (message.type === 'ready') {
          clearTimeout(timer);
          resolve(message);
        } else {
          if (message.type === 'failed') reject(new Fault(message.code, message.message));
          this.#listener?.(message);
        }
      });
      void this.gone.then((how) => {
        clearTimeout(timer);
        reject(new Fault('worker-died', `The worker ended before its model was loaded: ${how}.`));
      });
    });
  }

  /** Words that the contract does not know are a failure like any other. */
  #read(raw: unknown): FromWorker {
    const message = FromWorker.safeParse(raw);
    if (message.success) return message.data;
    this.#log.error({ issues: message.error.issues }, 'worker sent words that the contract does not know');
    return { type: 'failed', code: 'worker-lied', message: 'The worker sent a message that makes no sense.' };
  }

  #watchEnd(): Promise<string> {
    const ended = new Promise<string>((resolve) => {
      // A process that could not be forked at all says 'error' and never 'exit'.
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${String(code)}`));
    });
    // 'disconnect' comes after the last message was read, 'exit' may come before it.
    const drained = new Promise<void>((resolve) => {
      this.#child.once('disconnect', resolve);
      this.#child.once('error', () => resolve());
    });
    return Promise.all([ended, drained]).then(([how]) => {
      // For the log only: native libraries name paths in what they print, and the text goes to clients.
      if (how !== 'exit code 0') this.#log.warn({ how, stderr: this.#stderr }, 'worker ended abruptly');
      return how;
    });
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

  #keep(text: string): void {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    this.#stderr.push(...lines.map((line) => line.slice(0, 500)));
    this.#stderr.splice(0, Math.max(0, this.#stderr.length - keptLines));
  }
}
