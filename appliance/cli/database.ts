// `vedette backup` and `vedette restore`: programs of the daemon's do the work, for the command line knows no database.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { BackupCommand, RestoreCommand } from './arguments.ts';
import { exitCodes } from './exit-codes.ts';
import { backupEntry, restoreEntry } from './installation.ts';
import { requireFile } from './run.ts';

/** Returns the program's exit code. */
export function backup({ file, force }: BackupCommand): Promise<number> {
  return perform(backupEntry, [resolve(file), ...(force ? ['--force'] : [])]);
}

/** Returns the program's exit code. Throws UsageError where there is no such file. */
export async function restore({ file }: RestoreCommand): Promise<number> {
  await requireFile(file, 'restore');
  return perform(restoreEntry, [resolve(file)]);
}

/** In this process group: a terminal's Ctrl-C reaches both. What is half done then is no more than a file too many. */
async function perform(entry: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? exitCodes.interrupted;
}
