// How `vedette backup` and `vedette restore` say that they could not.
import { Fault } from '../contract/fault.ts';
import { bugExit, exitCodes } from './exit.ts';

/** Says why on stderr, and returns the exit code. Rethrows a bug. */
export function refuse(error: unknown): number {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`vedette: ${error.message}\n`);
  return exitCodes[error.code] ?? bugExit;
}
