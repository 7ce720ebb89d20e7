// `vedette start`: an appliance on this machine with a first video on it, in one command.
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { analyse } from './analyse.ts';
import type { StartCommand } from './arguments.ts';
import { Client, Refusal } from './client.ts';
import { DaemonLog } from './daemon-log.ts';
import { DaemonProcess, type Listening } from './daemon-process.ts';
import { Display } from './display.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { demoVideo } from './installation.ts';
import { Interrupt } from './interrupt.ts';
import { succeeded } from './outcome.ts';
import { requireFile } from './run.ts';

const askAgainMs = 250;

/** Returns the exit code. Throws UsageError, or a Refusal of the appliance. */
export async function start(command: StartCommand, environment: Environment): Promise<number> {
  const video = command.demo ? (command.video ?? demoVideo) : undefined;
  if (video !== undefined) await requireFile(video, 'start');
  const display = new Display(process.stdout);
  const running = environment.url === null ? undefined : await answering(environment.url, environment.apiKey);
  return running
    ? useRunning(running, video, display)
    : new OwnAppliance({ display, environment }).start(video, command.once);
}

async function answering(url: string, apiKey: string | undefined): Promise<Client | undefined> {
  const client = new Client({ url, apiKey });
  return (await client.health()) ? client : undefined;
}

async function useRunning(client: Client, video: string | undefined, display: Display): Promise<number> {
  display.line(`A Vedette answers already at ${client.url}/ and is used; it goes on in its own process.`);
  if (video === undefined) return exitCodes.ok;
  const interrupt = new Interrupt(() => process.exit(exitCodes.interrupted));
  try {
    const place = (jobId: string) => `${client.url}/v1/jobs/${jobId}/result`;
    const job = await analyse({
      client,
      display,
      signal: interrupt.signal,
      file: video,
      wish: { tools: ['detect'] },
      place,
    });
    return succeeded(job) ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    interrupt.close();
  }
}

class OwnAppliance {
  readonly #display: Display;
  readonly #environment: Environment;
  readonly #log: DaemonLog;
  readonly #daemon: DaemonProcess;
  readonly #interrupt: Interrupt;

  constructor(options: { display: Display; environment: Environment }) {
    this.#display = options.display;
    this.#environment = options.environment;
    this.#log = new DaemonLog({
      show: (line) => this.#display.line(line),
      colour: process.stdout.isTTY,
    });
    this.#daemon = new DaemonProcess({ onLine: (line) => this.#log.line(line) });
    this.#interrupt = new Interrupt(() => this.#daemon.kill());
  }

  /** Returns the exit code once the daemon is gone. */
  async start(video: string | undefined, once: boolean): Promise<number> {
    const { signal } = this.#interrupt;
    try {
      this.#display.status('starting …');
      const found = await this.#up(signal);
      this.#display.done();
      if (typeof found === 'number') {
        this.#display.line(`Vedette could not start (exit code ${found}).`);
        return found === 0 ? exitCodes.failed : found;
      }
      const dataFolder = found.data ?? this.#environment.dataFolder;
      this.#display.line(`Vedette serves at ${found.url}/   (log: ${shortened(this.#log.open(dataFolder))})`);
      const code = video === undefined ? exitCodes.ok : await this.#analyse(video, found.url, dataFolder);
      return once ? code : await this.#serveOn();
    } catch (error) {
      if (!signal.aborted) throw error;
      return once ? exitCodes.interrupted : exitCodes.ok;
    } finally {
      await this.#close();
    }
  }

  /** Where the daemon listens, or its exit code. */
  async #up(signal: AbortSignal): Promise<Listening | number> {
    const { url, apiKey } = this.#environment;
    const settled = new AbortController();
    const waits = [this.#daemon.listening, this.#daemon.exited, aborted(signal)];
    try {
      if (url === null) return await Promise.race(waits);
      return await Promise.race([...waits, untilAnswers(new Client({ url, apiKey }), settled.signal)]);
    } finally {
      settled.abort();
    }
  }

  async #analyse(video: string, url: string, dataFolder: string): Promise<number> {
    const client = new Client({ url, apiKey: this.#environment.apiKey });
    this.#display.line(`Analysing ${shortened(video)}`);
    const gone = new AbortController();
    void this.#daemon.exited.then((code) => gone.abort(new Refusal(endedText(code))));
    const job = await analyse({
      client,
      display: this.#display,
      signal: AbortSignal.any([this.#interrupt.signal, gone.signal]),
      file: video,
      wish: { tools: ['detect'] },
      place: (jobId) => shortened(join(dataFolder, 'jobs', jobId)),
    });
    return succeeded(job) ? exitCodes.ok : exitCodes.failed;
  }

  async #serveOn(): Promise<number> {
    this.#display.line('Serving until Ctrl-C.');
    throw new Refusal(endedText(await Promise.race([this.#daemon.exited, aborted(this.#interrupt.signal)])));
  }

  async #close(): Promise<void> {
    this.#display.done();
    await this.#daemon.stop();
    this.#interrupt.close();
    await this.#log.close();
  }
}

/** For a daemon whose log level keeps the line that says its address: it can only be asked. Never rejects. */
async function untilAnswers(client: Client, signal: AbortSignal): Promise<Listening> {
  while (!(await client.health())) {
    // Aborted: somebody else knew first, and nobody waits for this any more.
    await setTimeout(askAgainMs, undefined, { signal }).catch(() => new Promise<never>(() => undefined));
  }
  return { url: client.url, data: undefined };
}

function endedText(code: number): string {
  return `the daemon ended unexpectedly (exit code ${code}); its log says why`;
}

/** Rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
  });
}

/** As one would type it here, where that is shorter. */
function shortened(path: string): string {
  const here = relative(process.cwd(), path);
  return here.length < path.length ? here : path;
}
