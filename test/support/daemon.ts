// The real daemon in a process of its own, on free ports and a data folder of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { pluginList } from './plugin-list.ts';
import { program } from './program.ts';
import { tempData } from './temp-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface RunningDaemon {
  readonly url: string;
  readonly folder: string;
  readonly child: ChildProcess;
  readonly log: readonly LogLine[];
  /** The first line with this message, past or to come. */
  logged(msg: string): Promise<LogLine>;
  /** Asks it to stop; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface DaemonOptions {
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what kills it; without it, that is done when the running test has finished. Needs a `folder` then. */
  readonly atEnd?: (kill: () => Promise<void>) => void;
}

/** Started, not waited for: for tests of a start that must fail. */
export function spawnDaemon({ folder = tempData(), env = {}, atEnd = onTestFinished }: DaemonOptions = {}) {
  const { entry, execArgv } = program('daemon/main');
  const child = spawn(process.execPath, [...execArgv, entry], {
    cwd: root,
    // The channel: should the test runner be killed, the daemon leaves too.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      // eslint-disable-next-line no-restricted-properties -- the child needs a PATH; settings are given below
      PATH: process.env['PATH'],
      HOME: folder,
      ...pluginList,
      VEDETTE_CONFIG: '/dev/null',
      VEDETTE_DATA: folder,
      VEDETTE_PORT: '0',
      VEDETTE_MQTT_URL: 'off',
      ...env,
    },
  });
  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  const { stdout, stderr: said } = child;
  if (!stdout || !said) throw new Error('the daemon has no output');
  said.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  createInterface({ input: stdout }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
    for (const check of waiting) check();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = () => {
    child.kill('SIGTERM');
    return exited;
  };
  atEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await exited;
  });
  const logged = (msg: string): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = log.find((line) => line.msg === msg);
        if (!found) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      void exited.then((code) =>
        reject(new Error(`daemon left with ${String(code)} before '${msg}':\n${JSON.stringify(log)}\n${stderr}`)),
      );
      check();
    });
  return { child, folder, log, logged, exited, stop, stderr: () => stderr };
}

/** Resolves when it answers. */
export async function startDaemon(options: DaemonOptions = {}): Promise<RunningDaemon> {
  const daemon = spawnDaemon(options);
  const { url } = await daemon.logged('listening');
  return { ...daemon, url: String(url) };
}
