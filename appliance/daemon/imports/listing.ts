// What a person sees of an import folder: its folders, and the files that are videos by their names.
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { ImportEntry, ImportListing } from '../../contract/import-api.ts';
import { placeOf } from './place.ts';

const mostEntries = 2000;
/** A folder with more is not read to its end, nor are more sorted: these take some milliseconds. */
const mostRead = 20_000;
const mostSorted = 3000;
/** Names between two turns of the event loop. */
const batch = 200;

const videoName = /\.(mp4|m4v|mov|qt|mkv|webm|avi|ts|m2ts|mts|mpg|mpeg|vob|ogv|ogg|3gp)$/i;

/** Throws Fault 'import-not-found'. */
export async function listPlace(root: string, path: string): Promise<ImportListing> {
  const place = await placeOf(root, path);
  const { names, unread } = await namesIn(place, path);
  const sorted = names.sort((a, b) => order(a.kind) - order(b.kind) || byName.compare(a.name, b.name));
  const entries: ImportEntry[] = [];
  let leftOut = unread;
  for (const [index, { name, kind }] of sorted.entries()) {
    if (index % batch === batch - 1) await setImmediate();
    if (entries.length >= mostEntries) leftOut += 1;
    else {
      const entry = await entryOf(root, path, name, kind);
      if (entry) entries.push(entry);
    }
  }
  return { path, entries, left_out: leftOut };
}

/** `clip 2` before `clip 10`. */
const byName = new Intl.Collator('en', { numeric: true });
type Kind = ImportEntry['kind'];
interface Named {
  readonly name: string;
  /** `link`: it is to be seen what it leads to. */
  readonly kind: Kind | 'link';
}

function order(kind: Named['kind']): number {
  return kind === 'folder' ? 0 : 1;
}

async function namesIn(place: string, path: string): Promise<{ names: Named[]; unread: number }> {
  const names: Named[] = [];
  let [read, unread] = [0, 0];
  try {
    for await (const found of await opendir(place, { bufferSize: batch })) {
      read += 1;
      if (read > mostRead) break;
      const kind = kindOf(found);
      if (kind === null || found.name.startsWith('.')) continue;
      if (names.length < mostSorted) names.push({ name: found.name, kind });
      else unread += 1;
    }
  } catch (error) {
    if (codeOf(error) === '') throw error;
    throw new Fault('import-not-found', `"${path}" cannot be read as a folder (${codeOf(error)}).`, { cause: error });
  }
  return { names, unread: read > mostRead ? unread + 1 : unread };
}

function kindOf(found: Dirent): Named['kind'] | null {
  if (found.isDirectory()) return 'folder';
  if (found.isSymbolicLink()) return 'link';
  return found.isFile() && videoName.test(found.name) ? 'video' : null;
}

/** Null for what cannot be taken in: it leads out of the folder, went away, or may not be read. */
async function entryOf(root: string, path: string, name: string, kind: Named['kind']): Promise<ImportEntry | null> {
  try {
    const place = await placeOf(root, path === '' ? name : join(path, name));
    const seen = await stat(place);
    const is = seen.isDirectory() ? 'folder' : seen.isFile() && videoName.test(name) ? 'video' : null;
    if (is === null || (kind !== 'link' && kind !== is)) return null;
    return { name, kind: is, bytes: is === 'folder' ? 0 : seen.size, modified_at: seen.mtime.toISOString() };
  } catch (error) {
    if (error instanceof Fault || codeOf(error) !== '') return null;
    throw error;
  }
}
