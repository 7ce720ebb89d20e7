// What a plugin's folder holds, as one hash: lines that were made with other content are not continued.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Fault } from '../../contract/fault.ts';

const mostFiles = 20_000;
const mostBytes = 512 * 2 ** 20;

/**
 * SHA-256, in hex, of all its files: their names and bytes; of those that were installed into node_modules the size and
 * time of change instead of the bytes. Throws Fault 'plugin-broken' for a folder that is too large to be a plugin.
 */
export async function hashContent(folder: string): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const path of await filesIn(folder)) {
    const { size, mtimeMs } = await stat(path);
    const name = relative(folder, path);
    const isInstalled = name.split('/').includes('node_modules');
    hash.update(JSON.stringify([name, size, isInstalled ? mtimeMs : null]));
    if (isInstalled) continue;
    bytes += size;
    if (bytes > mostBytes) throw new Fault('plugin-broken', 'Its folder holds more than 512 MB.');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** In the order of their names. Links are not followed, nor is the history of its source. */
async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [folder];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.isDirectory() && entry.name !== '.git') waiting.push(path);
      if (entry.isFile()) found.push(path);
      if (found.length + waiting.length > mostFiles)
        throw new Fault('plugin-broken', `Its folder holds more than ${mostFiles} files.`);
    }
  }
  return found.sort();
}
