// Asks the daemon for a job's status all the time, and beside it a server that does nothing: what both are slow at is the machine's.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';

const everyMs = 20;
const idleServer = `require('node:http').createServer((q, a) => a.end('{}'))
  .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });`;

export interface Latency {
  readonly asked: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class Pulse {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #idle: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  /** In ms, one entry an asking; null: no answer, or none with status 200. */
  readonly #daemon: (number | null)[] = [];
  readonly #machine: (number | null)[] = [];
  readonly #asking = new Set<Promise<void>>();

  private constructor(url: string, idle: ChildProcess, idleUrl: string) {
    this.#idle = idle;
    this.#timer = setInterval(() => {
      this.#ask(url, this.#daemon);
      this.#ask(idleUrl, this.#machine);
    }, everyMs);
  }

  /** `url` is that of a job's status. */
  static async open(url: string): Promise<Pulse> {
    const idle = spawn(process.execPath, ['-e', idleServer], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(idle.stdout, 'data')) as [Buffer];
    return new Pulse(url, idle, `http://127.0.0.1:${port.toString()}/`);
  }

  get daemon(): Latency {
    return latency(this.#daemon);
  }

  get machine(): Latency {
    return latency(this.#machine);
  }

  /** Askings that the daemon did not answer with 200. */
  get unanswered(): number {
    return this.#daemon.filter((ms) => ms === null).length;
  }

  /** Returns when the last asking is answered. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#asking);
    this.#agent.destroy();
    this.#idle.kill();
  }

  #ask(url: string, into: (number | null)[]): void {
    const asked = performance.now();
    const answered = new Promise<number | null>((resolve) => {
      const request = get(url, { agent: this.#agent }, (answer) => {
        const ms = performance.now() - asked;
        answer.resume().once('close', () => resolve(answer.statusCode === 200 ? ms : null));
      });
      request.once('error', () => resolve(null));
    });
    const noted = answered.then((ms) => {
      into.push(ms);
      this.#asking.delete(noted);
    });
    this.#asking.add(noted);
  }
}

function latency(all: readonly (number | null)[]): Latency {
  const sorted = all.filter((ms) => ms !== null).sort((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? NaN) * 10) / 10;
  return { asked: all.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
