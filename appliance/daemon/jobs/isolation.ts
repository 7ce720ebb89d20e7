// Which confinement this machine lets a worker have: the ladder, climbed down by trying each step for real.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Log } from '../../log.ts';
import { type Confinement, openSeat, plain, type Seat } from './confinement.ts';
import { Sandbox, type SandboxAbilities } from './sandbox.ts';
import { workerEnvironment } from './worker-environment.ts';
import { Workplaces } from './workplace.ts';
import { modelFilesOutside } from './model-files.ts';

export interface Isolation {
  readonly confinement: Confinement;
  /** The means in force. */
  readonly by: 'bubblewrap' | 'util-linux' | 'nothing';
  /** What a worker could still do that the best means would keep from it; empty where that is in force. */
  readonly lacks: readonly string[];
  /** How to get more; null where nothing is lacking, or it was asked for. */
  readonly remedy: string | null;
}

export interface IsolationOptions {
  readonly mode: 'auto' | 'off';
  /** The data folder, and that of the jobs in it. Both exist. */
  readonly data: string;
  readonly jobs: string;
  /** Of the installation: workers may read it. */
  readonly root: string;
  /** Folders of models, read only. A model that lies elsewhere, behind a link for example, is shown to its own workers. */
  readonly models: readonly string[];
  /** What else workers are to read. */
  readonly readable?: readonly string[];
  /** Folders that come and go, by their real paths: those that are there when a worker is launched are shown to it. */
  readonly plugins?: () => readonly string[];
  /** Files with secrets in them. */
  readonly secrets: readonly string[];
  readonly log: Log;
}

const trialMs = 20_000;
const notInstalled = 'not installed';
const execute = promisify(execFile);

/** Tries what there is, from the best on; the first that works is taken. Logs which. */
export async function isolate(options: IsolationOptions): Promise<Isolation> {
  const isolation = options.mode === 'off' ? unconfined(null) : await climb(options);
  const { by, lacks, remedy } = isolation;
  options.log.info({ by, lacks, remedy: remedy ?? undefined }, 'worker isolation');
  return isolation;
}

async function climb(options: IsolationOptions): Promise<Isolation> {
  // A core file of a worker is as large as its model, and nobody's to read.
  const limits = (await works(['prlimit', '--core=0', '--'])) === null ? ['prlimit', '--core=0', '--'] : [];
  const boxed = await bubblewrap(options, limits);
  if (typeof boxed !== 'string') return boxed;
  options.log.debug({ reason: boxed }, 'bubblewrap cannot be used');
  const remedy = remedyFor(boxed);
  const bare = ['setpriv', '--no-new-privs', '--pdeathsig', 'KILL', '--'];
  const offline = ['unshare', '--map-current-user', '--net', '--', ...bare];
  const files = ['reading what the daemon may read', 'writing what the daemon may write', 'signalling its processes'];
  for (const [wrapper, lacks] of [
    [offline, files],
    [bare, ['the network', ...files]],
  ] as const) {
    const seat = openSeat([...limits, ...wrapper]);
    if ((await works(seat.wrapper)) !== null) continue;
    return { confinement: { seat: () => Promise.resolve(seat) }, by: 'util-linux', lacks, remedy };
  }
  return unconfined(remedy);
}

function unconfined(remedy: string | null): Isolation {
  return { confinement: plain, by: 'nothing', lacks: ['all that the daemon may do'], remedy };
}

/** Or why it cannot be had. */
async function bubblewrap(options: IsolationOptions, limits: readonly string[]): Promise<Isolation | string> {
  const help = await execute('bwrap', ['--help'], { timeout: trialMs }).catch((error: unknown) => reasonOf(error));
  if (typeof help === 'string') return help;
  const sizes = help.stdout.includes('--size');
  const [data, registry] = await Promise.all([realpath(options.data), findRegistry(options.log)]);
  const [jobs, places] = [
    await realpath(options.jobs),
    await Workplaces.open({ folder: join(data, 'workplaces'), log: options.log }),
  ];
  const linked = await places.canLink(jobs);
  const models = await foldersToShow(options.models, data);
  const lay = (abilities: SandboxAbilities) =>
    Sandbox.lay(
      {
        data,
        shown: [options.root, process.execPath, ...models.values(), ...(options.readable ?? []), ...libraryFolders()],
        masked: options.secrets,
        registry,
        root: options.root,
      },
      abilities,
    );
  let reason = '';
  for (const ownProc of [true, false]) {
    const sandbox = await lay({ ownProc, sizes });
    const confinement = {
      seat: async (model: string, written: readonly string[] = []): Promise<Seat> => {
        const outside = await modelFilesOutside([...models.keys()], model);
        const passing = options.plugins?.() ?? [];
        if (!linked) {
          const folders = { readable: outside, passing, writable: [jobs, ...written] };
          const wrapper = [...limits, ...sandbox.command(folders)];
          return openSeat(wrapper, true);
        }
        const place = await places.take();
        const folders = { readable: [place.inside, ...outside], passing, writable: [place.outside, ...written] };
        return { ...place, wrapper: [...limits, ...sandbox.command(folders)], monitored: true };
      },
    };
    const seat = await confinement.seat('');
    const refusal = await works(seat.wrapper);
    await seat.leave();
    if (refusal === null) {
      const lacks = [
        ...(linked ? [] : ["other jobs' files"]),
        ...(ownProc ? [] : ['reading about other processes of this user in /proc']),
      ];
      return { confinement, by: 'bubblewrap', lacks, remedy: null };
    }
    reason = refusal;
  }
  return reason;
}

/** Null where a trivial program runs behind these words, else the reason. */
async function works(wrapper: readonly string[]): Promise<string | null> {
  const [command, ...args] = [...wrapper, process.execPath, '--version'] as const;
  const child = spawn(command, args, {
    env: workerEnvironment(),
    timeout: trialMs,
    killSignal: 'SIGKILL',
    // The fifth takes what a monitor tells of the process it made, as it does for a worker.
    stdio: ['ignore', 'ignore', 'pipe', 'ignore', 'pipe'],
  });
  (child.stdio[4] as Readable).resume();
  try {
    const [said] = await Promise.all([text(child.stderr as Readable), once(child, 'close')]);
    return child.exitCode === 0 ? null : said.trim().split('\n', 1)[0] || `${command} failed`;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? notInstalled : message;
}

function remedyFor(reason: string): string {
  if (process.platform !== 'linux') return 'run Vedette on Linux';
  if (reason === notInstalled) return 'install bubblewrap: sudo apt-get install bubblewrap';
  return (
    `let bubblewrap make namespaces, which it was refused (${reason}): ` +
    'sysctl kernel.unprivileged_userns_clone=1, and on Ubuntu an AppArmor profile that lets /usr/bin/bwrap use userns'
  );
}

/** By where they really are, as they were given. Not the data folder, nor what holds it: there the files of models are shown one by one. */
async function foldersToShow(folders: readonly string[], data: string): Promise<Map<string, string>> {
  const shown = new Map<string, string>();
  for (const folder of folders) {
    const real = await realpath(folder).catch(() => null); // there may be none yet
    if (real !== null && !`${data}/`.startsWith(`${real}/`)) shown.set(real, folder);
  }
  return shown;
}

/** Where libraries and plugins of an operator's own choice lie. */
function libraryFolders(): string[] {
  const environment = workerEnvironment();
  return ['LD_LIBRARY_PATH', 'GST_PLUGIN_PATH', 'GST_PLUGIN_SYSTEM_PATH', 'GST_PLUGIN_PATH_1_0']
    .flatMap((name) => environment[name]?.split(':') ?? [])
    .filter((path) => path.startsWith('/'));
}

/**
 * GStreamer's list of its plugins, brought up to date by a program of its own, since workers cannot write it.
 * The name is gst_init's: https://gstreamer.freedesktop.org/documentation/gstreamer/running.html
 */
async function findRegistry(log: Log): Promise<string> {
  const environment = workerEnvironment();
  const cache = environment['XDG_CACHE_HOME'] ?? join(environment['HOME'] ?? homedir(), '.cache');
  const machine = process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : process.arch;
  const registry = environment['GST_REGISTRY'] ?? join(cache, 'gstreamer-1.0', `registry.${machine}.bin`);
  try {
    await execute('gst-inspect-1.0', ['--exists', 'filesrc'], { env: environment, timeout: trialMs });
  } catch (err) {
    log.debug({ err }, 'no list of GStreamer plugins could be made; every worker makes its own');
  }
  return registry;
}
