// A program of the benchmark in a process of its own: it takes one order at a time and answers each.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { workerEnvironment } from '../../appliance/daemon/jobs/worker-environment.ts';

export class Program<Order extends object> {
  readonly #name: string;
  readonly #process: ChildProcess;

  /** `name`: of a file in programs/. */
  constructor(name: string) {
    this.#name = name;
    this.#process = fork(new URL(`./programs/${name}.ts`, import.meta.url), {
      execArgv: ['--import', 'tsx'],
      // Channel, thread pool and variables are those of a worker.
      serialization: 'advanced',
      env: workerEnvironment(),
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Resolves with the program's answer; whatever else it says is passed over. */
  async order<Answer>(order: Order): Promise<Answer> {
    const over = new AbortController();
    const gone = once(this.#process, 'exit', { signal: over.signal }).then(() => {
      throw new Error(`${this.#name} left before it answered`);
    });
    gone.catch(() => undefined); // aborted below, once there is an answer
    const answered = new Promise<Answer>((resolve, reject) => {
      const hear = (message: { answer?: Answer; error?: string }) => {
        if (message.error === undefined && !('answer' in message)) return;
        this.#process.off('message', hear);
        if (message.error === undefined) resolve(message.answer as Answer);
        else reject(new Error(`${this.#name}: ${message.error}`));
      };
      this.#process.on('message', hear);
    });
    this.#process.send(order);
    try {
      return await Promise.race([answered, gone]);
    } finally {
      over.abort();
    }
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
