// Which file of a plugin's folder is its entry: package.json says so, else it is called index.
import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';

const Package = z.looseObject({ exports: z.unknown().optional(), main: z.string().optional() });
/** Of Node's own, those under which a module is imported: https://nodejs.org/api/packages.html#conditional-exports */
const conditions = ['node', 'import', 'default'];
/** The last of them where Node itself can run it. */
const usual = ['index.js', 'index.mjs', 'index.ts'];

/** Its real path, inside the folder. Throws Fault 'plugin-broken'. */
export async function findEntry(folder: string): Promise<string> {
  const named = await entryOfPackage(folder);
  for (const name of named === null ? usual : [named]) {
    const path = await realpath(resolve(folder, name)).catch(() => null); // the next one may be there
    if (path === null || !(await stat(path)).isFile()) continue;
    if (path.startsWith(join(folder, '/'))) return path;
    throw new Fault('plugin-broken', `Its entry ${name} lies outside of its folder.`);
  }
  const missing = named === null ? `${usual.slice(0, 2).join(' or ')}, and no package.json that names another` : named;
  throw new Fault('plugin-broken', `Its folder has no ${missing}.`);
}

/** Null where there is no package.json, or it names none. */
async function entryOfPackage(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null); // most need none
  if (text === null) return null;
  try {
    const { exports, main } = Package.parse(JSON.parse(text));
    return target(exports) ?? main ?? null;
  } catch (cause) {
    throw new Fault('plugin-broken', 'Its package.json cannot be read.', { cause });
  }
}

/** Of `exports`, what the package's own name stands for. */
function target(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return null;
  const entries = Object.entries(exports);
  const root = entries.find(([key]) => key === '.');
  if (root) return target(root[1]);
  for (const [key, value] of entries) {
    const found: string | null = conditions.includes(key) ? target(value) : null;
    if (found !== null) return found;
  }
  return null;
}
