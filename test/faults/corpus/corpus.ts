// The whole corpus: every mutation of every base, then the special files. The same bytes in every run.
import { readFile, writeFile } from 'node:fs/promises';
import type { MediaFolder } from '../../support/worker-media.ts';
import { makeBases } from './bases.ts';
import { mutations, type MutationName } from './mutations.ts';
import { randomFor } from './random.ts';
import { makeSpecials } from './special.ts';
import { leftOut } from './verdicts.ts';

export interface HostileFile {
  readonly name: string;
  readonly path: string;
  /** Container and codec for a mutated file, else `special`. */
  readonly container: string;
  readonly codec: string;
  readonly mutation: string;
}

export const seed = 'vedette';

/** Whole: every mutation of every base, and all specials. Else each base once, and each mutation about twice. */
export async function makeCorpus(media: MediaFolder, whole: boolean): Promise<HostileFile[]> {
  const names = Object.keys(mutations) as MutationName[];
  const files: HostileFile[] = [];
  for (const [at, { container, codec, path, pieces }] of (await makeBases(media)).entries()) {
    const bytes = await readFile(path);
    const known = pieces(bytes);
    // A step that shares no factor with their number meets them all.
    const chosen = whole ? names : names.filter((_, n) => n === (at * 4) % names.length);
    for (const mutation of chosen) {
      const name = `${container}, ${codec}, ${mutation}`;
      const mutated = media.file(`${name.replaceAll(/[ ,]+/g, '-')}.bin`);
      await writeFile(mutated, mutations[mutation](bytes, known, randomFor(`${seed}: ${name}`)));
      files.push({ name, path: mutated, container, codec, mutation });
    }
  }
  for (const [name, path] of await makeSpecials(media)) {
    if (!whole && leftOut.has(name)) continue;
    files.push({ name, path, container: 'special', codec: '', mutation: name });
  }
  return files;
}
