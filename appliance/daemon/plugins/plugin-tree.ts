// The folders of a plugin that count: what is installed there is not written by hand.
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const passedOver: readonly string[] = ['node_modules', '.git'];
const mostFolders = 100;

/** With itself; none where it is not there. */
export async function foldersIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [folder];
  for (let place = waiting.pop(); place !== undefined && found.length < mostFolders; place = waiting.pop()) {
    const entries = await readdir(place, { withFileTypes: true }).catch(() => null); // it has just gone
    if (!entries) continue;
    found.push(place);
    const inner = entries.filter((entry) => entry.isDirectory() && !passedOver.includes(entry.name));
    const names = inner.map(({ name }) => name).sort();
    waiting.push(...names.slice(0, mostFolders).map((name) => join(place, name)));
  }
  return found;
}

/** What lies in it; nothing where it has just gone. */
export async function listed(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
