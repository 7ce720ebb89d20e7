// Launches a worker into its seat: command line, channel, environment; which process it really is, and how that ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Confinement, Seat } from './confinement.ts';
import { workerEnvironment } from './worker-environment.ts';
import { codeOf } from '../../contract/errno.ts';

/** Lines of a worker's stderr that are kept to explain its death. */
const keptLines = 20;

/** The daemon's own descriptors are none of the worker's: what is inherited is named here. */
const infoFd = 4;
/** As the worker sets it for itself. */
const workerNice = '5';
const Info = z.object({ 'child-pid': z.int().positive() });

/**
 * `model`: the file that it is to read; `written`: folders that it may write to, besides its job's. Throws where there is
 * no seat, or the program cannot be run.
 */
export async function launch(
  entry: URL,
  confinement: Confinement,
  model: string,
  written?: readonly string[],
): Promise<Launched> {
  const seat = await confinement.seat(model, written);
  const line = [...seat.wrapper, process.execPath, ...process.execArgv, fileURLToPath(entry)];
  const [command = process.execPath, ...args] = line;
  const child = spawn(command, args, {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc', ...(seat.monitored ? (['pipe'] as const) : [])],
    // A monitor knows no better than to die of a terminal's Ctrl-C; what becomes of the worker is the daemon's to say.
    detached: seat.monitored,
    env: workerEnvironment(),
  });
  if (seat.monitored) void giveWay(child.pid);
  return new Launched(child, seat);
}

/**
 * A detached process is a session of its own, and a session is a group of its own to the scheduler (sched(7), autogroup):
 * its threads' nice value counts only among themselves, so the group is given the same, or the daemon waits for it.
 */
async function giveWay(pid: number | undefined): Promise<void> {
  try {
    await writeFile(`/proc/${String(pid)}/autogroup`, workerNice);
  } catch {
    // A kernel without such groups, where the threads' own value counts; or it has ended already.
  }
}

export class Launched {
  readonly child: ChildProcess;
  readonly seat: Seat;
  /** The last lines that it printed. */
  readonly stderr: string[] = [];
  /** Settles when the process is gone and its last message has been read; says how it went. Never rejects. */
  readonly ended: Promise<string>;
  /** The first process inside a monitor: with it, all that is inside ends. */
  readonly #inner: Promise<number | undefined>;
  #workerPid: number | undefined;
  #over = false;

  constructor(child: ChildProcess, seat: Seat) {
    this.child = child;
    this.seat = seat;
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => this.#keep(chunk));
    this.#inner = seat.monitored ? readInner(child) : Promise.resolve(undefined);
    this.ended = this.#watchEnd();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** The pid of the worker itself; undefined while that is not known. */
  async workerPid(): Promise<number | undefined> {
    if (!this.seat.monitored) return this.pid;
    if (this.#workerPid !== undefined) return this.#workerPid;
    const inner = await this.#inner;
    if (inner === undefined) return undefined;
    try {
      const [first] = (await readFile(`/proc/${inner}/task/${inner}/children`, 'utf8')).split(' ');
      this.#workerPid = Number(first) || undefined;
    } catch {
      // Over already, or a kernel that does not list children: then the worker is not known apart from its monitor.
    }
    return this.#workerPid;
  }

  /** SIGABRT for the worker itself. */
  async abort(): Promise<void> {
    const pid = await this.workerPid();
    if (pid !== undefined && !this.#over) signal(pid, 'SIGABRT');
  }

  /** SIGKILL for all that was launched. */
  async kill(): Promise<void> {
    // The monitor stays until all inside is gone: when it has ended, nothing writes any more. Nor does a first process
    // that it has just made leave with it, which is why it is let say which that is.
    const inner = await this.#inner;
    if (this.#over) return;
    if (inner === undefined) this.child.kill('SIGKILL');
    else signal(inner, 'SIGKILL');
  }

  #watchEnd(): Promise<string> {
    const { child, seat } = this;
    const ended = new Promise<string>((resolve) => {
      // A process that could not be forked at all says 'error' and never 'exit'.
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, by) => {
        this.#over = true;
        const inside = seat.monitored ? signalOf(code) : undefined;
        resolve(by ? `signal ${by}` : (inside ?? `exit code ${String(code)}`));
      });
    });
    // 'disconnect' comes after the last message was read, 'exit' may come before it.
    const drained = new Promise<void>((resolve) => {
      child.once('disconnect', resolve);
      child.once('error', () => resolve());
    });
    return Promise.all([ended, drained]).then(([how]) => how);
  }

  #keep(chunk: string): void {
    const lines = chunk.split('\n').filter((line) => line.trim() !== '');
    this.stderr.push(...lines.map((line) => line.slice(0, 500)));
    this.stderr.splice(0, Math.max(0, this.stderr.length - keptLines));
  }
}

async function readInner(child: ChildProcess): Promise<number | undefined> {
  try {
    const told = await text(child.stdio[infoFd] as Readable);
    return Info.parse(JSON.parse(told))['child-pid'];
  } catch {
    return undefined; // it ended before it had made anything, and says so by its exit
  }
}

/** bubblewrap's, and every shell's, way to pass a signal on. */
function signalOf(code: number | null): string | undefined {
  const name = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
  return name === undefined ? undefined : `signal ${name}`;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // gone in between: what was wanted
  }
}
