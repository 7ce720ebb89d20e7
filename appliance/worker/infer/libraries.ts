// Why the library of a provider does not load: ONNX Runtime says only that it does not, the system's loader says why.
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { firstLine } from './runtime.ts';

/**
 * In the loader's words; null where the library loads, so that the trouble is elsewhere. `folder`: of the
 * onnxruntime-node package. The library is opened and closed again in this process.
 */
export function libraryFault(folder: string, provider: 'cuda' | 'tensorrt'): string | null {
  const place = libraryFolder(folder);
  const paths = [provider, 'shared'].map((part) => join(place, `libonnxruntime_providers_${part}.so`));
  const absent = paths.find((path) => !existsSync(path));
  if (absent !== undefined) return `${absent.slice(place.length + 1)} is not in the package`;
  try {
    process.dlopen({ exports: {} }, paths[0] ?? '', constants.dlopen.RTLD_LAZY);
  } catch (error) {
    const text = firstLine(error);
    // It loaded and is no module of Node's; or it lacks what ONNX Runtime itself gives it.
    return /self-register|undefined symbol: Provider_/.test(text) ? null : text;
  }
  return null;
}

/** Where a package keeps its binaries: `bin/napi-v6/linux/x64`, with the version of its interface to Node. */
function libraryFolder(folder: string): string {
  const versions = existsSync(join(folder, 'bin')) ? readdirSync(join(folder, 'bin')) : [];
  const version = versions.filter((name) => name.startsWith('napi-')).sort()[0] ?? 'napi-v6';
  return join(folder, 'bin', version, process.platform, process.arch);
}
