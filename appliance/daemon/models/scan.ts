// The model files that lie in the folders, by name.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelName } from '../../contract/model-api.ts';
import { codeOf } from '../../contract/errno.ts';

export interface ModelFolder {
  readonly path: string;
  readonly origin: 'folder' | 'upload';
}

export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly origin: ModelFolder['origin'];
  readonly bytes: number;
  /** The same as long as nobody has changed the file, or the class names beside it. */
  readonly key: string;
  /** Why it cannot be told from others by its name; null where it can. */
  readonly misnamed: string | null;
}

/** More are not listed: who has so many has put something else there. */
const mostFiles = 500;
/** Of class names for a model that lacks them. */
const labelEndings = ['.labels.json', '.json'] as const;
/** TensorRT engines that were made of a model: nobody's choice. */
const isMade = /_ctx[.]onnx$/i;

/** Sorted by name. Of two files of one name, that in the folder named first. A folder that is not there has none. */
export async function scan(folders: readonly ModelFolder[]): Promise<ModelFile[]> {
  const found = new Map<string, ModelFile>();
  for (const folder of folders) {
    for (const entry of await listed(folder.path)) {
      const name = entry.slice(0, -'.onnx'.length);
      if (found.has(name) || found.size >= mostFiles) continue;
      const file = await describe(folder, name);
      if (file) found.set(name, file);
    }
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Null where it is no file, or gone already. */
export async function describe(folder: ModelFolder, name: string): Promise<ModelFile | null> {
  const path = join(folder.path, `${name}.onnx`);
  const seen = await stat(path).catch(() => null); // removed since it was listed, or a link to nowhere
  if (!seen?.isFile()) return null;
  const fits = ModelName.safeParse(name);
  const misnamed = fits.success
    ? null
    : `Rename the file: ${fits.error.issues[0]?.message ?? 'its name does not fit'}.`;
  const labels = await Promise.all(labelEndings.map((ending) => stampOf(join(folder.path, name + ending))));
  const key = [path, seen.ino, seen.size, seen.mtimeMs, ...labels].join(' ');
  return { name, path, origin: folder.origin, bytes: seen.size, key, misnamed };
}

async function stampOf(path: string): Promise<string> {
  const seen = await stat(path).catch(() => null); // most models need none
  return seen ? `${seen.size} ${seen.mtimeMs}` : '-';
}

async function listed(path: string): Promise<string[]> {
  try {
    const names = await readdir(path);
    return names.filter((name) => name.endsWith('.onnx') && !name.startsWith('.') && !isMade.test(name)).sort();
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(codeOf(error))) return [];
    throw error;
  }
}
