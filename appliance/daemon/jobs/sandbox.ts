// The command line of bubblewrap for a worker: what it sees of this machine, and what is kept from it.
import { readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface SandboxOptions {
  /** The daemon's data folder: hidden. */
  readonly data: string;
  /** Read only, where they lie in something that is hidden: the program, its interpreter, the model. */
  readonly shown: readonly string[];
  /** Files that look empty: settings with passwords. */
  readonly masked: readonly string[];
  /** GStreamer's list of its plugins; without it every worker would look them all up again. */
  readonly registry: string;
  /** Where the program starts. */
  readonly root: string;
}

/** What this bubblewrap, on this kernel, is able to do. */
export interface SandboxAbilities {
  /** A /proc of the sandbox's own. Kernels refuse it where parts of the outer one are covered, as in some containers. */
  readonly ownProc: boolean;
  /** Bounds for file systems in memory (bubblewrap 0.7). */
  readonly sizes: boolean;
}

/** Of one worker. */
export interface SandboxFolders {
  readonly readable: readonly string[];
  /** Read only as well, where they are there. */
  readonly passing: readonly string[];
  readonly writable: readonly string[];
}

/** Homes, other programs' sockets and temporary files, other disks. */
const hiddenPlaces = ['/home', '/root', '/tmp', '/var/tmp', '/run', '/mnt', '/media'];
/** Processors of pictures: NVIDIA's desktop and Jetson nodes, Mesa's, AMD's, WSL's, and video codecs. */
const deviceNames = /^(dri|kfd|dxg|nvidia.*|nvhost.*|nvmap|nvgpu|nvsciipc|v4l2-.*|video\d+|media\d+|dma_heap|mali\d*)$/;
const memoryFileBytes = String(64 * 1024 * 1024);

interface Layer {
  readonly path: string;
  readonly mount: readonly string[];
}

export class Sandbox {
  readonly #before: readonly string[];
  readonly #after: readonly string[];

  private constructor(before: readonly string[], after: readonly string[]) {
    this.#before = before;
    this.#after = after;
  }

  static async lay(options: SandboxOptions, { ownProc, sizes }: SandboxAbilities): Promise<Sandbox> {
    const { registry, root } = options;
    const inMemory = (path: string) => [...(sizes ? ['--size', memoryFileBytes] : []), '--tmpfs', path];
    const readOnly = (path: string) => ['--remount-ro', path];
    const hidden = new Set([...(await real([...hiddenPlaces, homedir()])).keys(), await realpath(options.data)]);
    hidden.delete('/');
    const shown = [...(await real(options.shown))]
      .flatMap(([path, given]) =>
        [path, given].map((seen): Layer => ({ path: seen, mount: ['--ro-bind', path, seen] })),
      )
      .filter(({ path }) => [...hidden].some((place) => isIn(path, place)));
    // Outer folders first: what is hidden in a shown one, or shown in a hidden one, lies above it.
    const layers = [...[...hidden].map((path): Layer => ({ path, mount: inMemory(path) })), ...shown].sort(
      (a, b) => depth(a.path) - depth(b.path),
    );
    const devices = (await readdir('/dev')).filter((name) => deviceNames.test(name)).map((name) => join('/dev', name));
    const masked = [...(await real(options.masked)).keys()];
    return new Sandbox(
      [
        ...['--ro-bind', '/', '/', ...(ownProc ? ['--proc', '/proc'] : [])],
        ...['--dev', '/dev', ...(sizes ? inMemory('/dev/shm') : [])],
        ...devices.flatMap((path) => ['--dev-bind-try', path, path]),
        ...layers.flatMap(({ mount }) => mount),
        ...masked.flatMap((path) => ['--ro-bind-try', '/dev/null', path]),
        ...['--ro-bind-try', registry, registry],
      ],
      [
        ...['/dev', ...hidden].filter((path) => path !== '/tmp' || !sizes).flatMap(readOnly),
        ...['--setenv', 'GST_REGISTRY', registry, '--setenv', 'HOME', '/tmp', '--setenv', 'TMPDIR', '/tmp'],
        ...['--chdir', root],
      ],
    );
  }

  /** For one worker. */
  command({ readable, passing, writable }: SandboxFolders): readonly string[] {
    return [
      ...['bwrap', '--die-with-parent', '--cap-drop', 'ALL', '--info-fd', '4'],
      // Those that the systemd unit allows.
      ...['--unshare-net', '--unshare-pid', '--unshare-ipc'],
      ...this.#before,
      ...passing.flatMap((path) => ['--ro-bind-try', path, path]),
      ...readable.flatMap((path) => ['--ro-bind', path, path]),
      ...writable.flatMap((path) => ['--bind', path, path]),
      ...this.#after,
      '--',
    ];
  }
}

/** Those that exist, by where they really are: nothing can be mounted on a link. */
async function real(paths: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const path of paths) {
    try {
      found.set(await realpath(path), path);
    } catch {
      // Not there: nothing to hide or to show.
    }
  }
  return found;
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function depth(path: string): number {
  return path.split('/').length;
}
