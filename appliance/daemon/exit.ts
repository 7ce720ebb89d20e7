// How the daemon leaves when it cannot start: one code for each cause, after sysexits.h, so that scripts can tell.
import { Fault, type FaultCode } from '../contract/fault.ts';

/** A bug: the supervisor restarts the daemon. */
export const bugExit = 70;

export const exitCodes: Partial<Readonly<Record<FaultCode, number>>> = {
  'model-invalid': 65, // EX_DATAERR
  'model-missing': 66, // EX_NOINPUT
  'port-taken': 69, // EX_UNAVAILABLE
  'provider-unavailable': 71, // EX_OSERR
  'gstreamer-incomplete': 72, // EX_OSFILE
  'data-not-writable': 73, // EX_CANTCREAT
  'database-unusable': 74, // EX_IOERR
  'config-invalid': 78, // EX_CONFIG
};

/**
 * The exit code for what keeps the daemon from starting. Says why on stderr too: with no settings there is no logger yet,
 * and an operator reads sentences. Rethrows a bug.
 */
export function explain(error: unknown): number {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`vedette cannot start (${error.code}):\n${error.message}\n`);
  return exitCodes[error.code] ?? bugExit;
}
