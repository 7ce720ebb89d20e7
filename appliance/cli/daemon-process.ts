// A daemon started by the command line: its log, its address once it listens, its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { daemonEntry } from './installation.ts';
import { codeOf } from '../contract/errno.ts';

const Listening = z.object({ msg: z.literal('listening'), url: z.url(), data: z.string().optional() });
export interface Listening {
  readonly url: string;
  /** The data folder, where the daemon says it. */
  readonly data: string | undefined;
}

/** 128 + the number of SIGKILL, as shells report it; a daemon has no other reason to end by a signal. */
const killedCode = 137;

export class DaemonProcess {
  /** Never settles where the daemon ends before it listens: race it with `exited`. */
  readonly listening: Promise<Listening>;
  /** The exit code. Rejects where the process could not be started at all. */
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;

  /** `onLine` hears every line of the daemon's log. */
  constructor(options: { onLine: (line: string) => void }) {
    // A process group of its own: Ctrl-C in the terminal would otherwise reach the daemon at once and again by stop().
    // A channel, which nothing is sent on: the daemon leaves when it closes, should this process be killed.
    const child = spawn(process.execPath, [...process.execArgv, daemonEntry], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? killedCode));
    });
    this.listening = new Promise((resolve) => {
      const hear = (line: string) => {
        options.onLine(line);
        const found = readListening(line);
        if (found) resolve(found);
      };
      for (const input of [child.stdout, child.stderr]) if (input) createInterface({ input }).on('line', hear);
    });
  }

  /** Asks the daemon to close, and waits until it has. */
  async stop(): Promise<number> {
    this.#child.kill('SIGTERM');
    return this.exited;
  }

  /** Ends the daemon and all that it started, at once. */
  kill(): void {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch (error) {
      // ESRCH: it ended in between, which is what was wanted.
      if (codeOf(error) !== 'ESRCH') throw error;
    }
  }
}

function readListening(line: string): Listening | undefined {
  if (!line.includes('"listening"')) return undefined;
  try {
    const parsed = Listening.safeParse(JSON.parse(line));
    return parsed.data && { url: reachable(parsed.data.url), data: parsed.data.data };
  } catch {
    // A line that only looks like JSON.
    return undefined;
  }
}

/** An address to connect to: a daemon that listens on every address says 0.0.0.0 or [::]. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:').replace(/\/+$/, '');
}
