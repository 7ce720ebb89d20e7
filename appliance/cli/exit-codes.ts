// What the command line's exit codes mean; where sysexits.h has a number for it, that number.
export const exitCodes = {
  ok: 0,
  /** The job, or a check of the doctor, failed. */
  failed: 1,
  /** The command was not understood. */
  usage: 64,
  /** No appliance answers. */
  unavailable: 69,
  /** Ended by Ctrl-C before the work was done. */
  interrupted: 130,
  /** Whoever read the output has gone: 128 + the number of SIGPIPE, as shells report it. */
  outputClosed: 141,
} as const;
