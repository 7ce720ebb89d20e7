// Where a plugin's folder really is, and whether workers may be shown what lies there.
import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';

export interface FolderRules {
  /** The daemon's own folder. */
  readonly data: string;
  /** Files that no worker may read. */
  readonly secrets: readonly string[];
}

/** Names under which programs keep what is nobody's business. */
const secretNames = /^(\.env(\..*)?|\.ssh|\.aws|\.gnupg|\.netrc|\.npmrc|id_(rsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx))$/;

/** By its real path. Throws Fault 'plugin-broken', whose message says why it is refused. */
export async function plainFolder(folder: string, { data, secrets }: FolderRules): Promise<string> {
  const refuse = (reason: string) => new Fault('plugin-broken', reason);
  const { path, about, names } = await look(folder).catch((cause: unknown) => {
    throw new Fault('plugin-broken', `Its folder cannot be read (${codeOf(cause)}).`, { cause });
  });
  if (about.mode & 0o002) throw refuse('Everybody on this machine may write to its folder.');
  const realData = await realpath(data);
  if (isIn(path, realData)) throw refuse('It lies in the data folder, where no plugin may be.');
  const kept = [realData, homedir(), ...(await Promise.all(secrets.map((file) => realpath(file).catch(() => file))))];
  const inside = kept.find((place) => isIn(place, path));
  if (inside !== undefined) throw refuse(`Its folder holds ${basename(inside)}, which no plugin may read.`);
  const secret = names.find((name) => secretNames.test(name));
  if (secret !== undefined) throw refuse(`Its folder holds ${secret}, which looks like a secret.`);
  return path;
}

async function look(folder: string) {
  const path = await realpath(folder);
  return { path, about: await stat(path), names: await readdir(path) };
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(join(place, '/'));
}
