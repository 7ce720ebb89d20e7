// What it means for a client that the operating system did not store its upload.
import { Fault } from '../../contract/fault.ts';

const full = new Set(['ENOSPC', 'EDQUOT']);
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its data folder is gone',
  EACCES: 'its data folder may not be written',
  EPERM: 'its data folder may not be written',
  EROFS: 'its disk is read-only',
  EIO: 'its disk has an error',
};

/** Undefined for anything but an error of a system call. The message names no path: it is for the client. */
export function storageFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return undefined;
  const code = String(error.code);
  if (full.has(code))
    return new Fault('disk-full', 'The disk is full. Remove finished jobs to make room.', { cause: error });
  const reason = reasons[code] ?? `its disk reports ${code}`;
  return new Fault('data-not-writable', `The appliance cannot store the upload: ${reason}`, { cause: error });
}

/** What the disk did not take is the operator's to mend, and no bug. */
export async function stored<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw storageFault(error) ?? error;
  });
}
