// What a TensorRT engine is bound to: the GPU of this machine, and the TensorRT that is installed.
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface Machine {
  /** As its driver calls it, such as `NVIDIA GeForce RTX 3060`; on a Jetson the board. Null where none is seen. */
  readonly gpu: string | null;
  /** Such as `10.3.0`; null where none is found. */
  readonly tensorrt: string | null;
}

/** `root`: of the file system. Reads files only; with several GPUs, the first one counts, which is device 0. */
export async function readMachine(root = '/'): Promise<Machine> {
  const [desktop, board, tensorrt] = await Promise.all([readDesktopGpu(root), readBoard(root), readTensorrt(root)]);
  return { gpu: desktop ?? board, tensorrt };
}

/** https://download.nvidia.com/XFree86/Linux-x86_64/550.54.14/README/procinterface.html */
async function readDesktopGpu(root: string): Promise<string | null> {
  const folder = join(root, 'proc/driver/nvidia/gpus');
  const [first] = (await list(folder)).sort();
  if (first === undefined) return null;
  const text = await read(join(folder, first, 'information'));
  return /^Model:\s*(\S.*?)\s*$/m.exec(text ?? '')?.[1] ?? null;
}

async function readBoard(root: string): Promise<string | null> {
  const model = (await read(join(root, 'proc/device-tree/model')))?.replaceAll('\0', '').trim();
  return model !== undefined && /jetson|nvidia/i.test(model) ? model : null;
}

const libraryFolders = [
  ...['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'usr/lib', 'usr/local/lib'],
  ...['usr/local/tensorrt/lib', 'opt/tensorrt/lib'],
];

/** The loader's own list comes first. The full version is in the name of the file that the library's links lead to. */
async function readTensorrt(root: string): Promise<string | null> {
  const cache = (await read(join(root, 'etc/ld.so.cache'), 'latin1')) ?? '';
  const listed = [...cache.matchAll(/\/[^\0]*\/libnvinfer\.so\.\d+(?=\0)/g)].map(([path]) => join(root, path));
  const known = libraryFolders.map(async (folder) => {
    const names = await list(join(root, folder));
    return names.filter((name) => /^libnvinfer\.so\.\d/.test(name)).map((name) => join(root, folder, name));
  });
  for (const path of [...listed, ...(await Promise.all(known)).flat()]) {
    const version = /^libnvinfer\.so\.(\d+\.\d+\.\d+)/.exec(basename(await realpath(path).catch(() => path)))?.[1];
    if (version !== undefined) return version;
  }
  return null;
}

/** Empty where there is no such folder. */
function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Undefined where there is no such file. */
function read(path: string, encoding: BufferEncoding = 'utf8'): Promise<string | undefined> {
  return readFile(path, encoding).catch(() => undefined);
}
