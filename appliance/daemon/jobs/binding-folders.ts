// The folders that a worker must read to load an onnxruntime-node package of the user's: it, and the one that it needs.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const Package = z.looseObject({ name: z.string().optional() });

/** What cannot be found is left to the worker, which says what it could not load. */
export async function bindingFolders(binding: string): Promise<string[]> {
  const needed = 'onnxruntime-common';
  let folder: string;
  try {
    folder = dirname(createRequire(join(binding, 'package.json')).resolve(needed));
  } catch {
    return [binding]; // not installed
  }
  while (folder !== dirname(folder) && (await nameOf(folder)) !== needed) folder = dirname(folder);
  return folder === dirname(folder) ? [binding] : [binding, folder];
}

async function nameOf(folder: string): Promise<string | undefined> {
  try {
    return Package.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).name;
  } catch {
    return undefined; // no package begins here
  }
}
