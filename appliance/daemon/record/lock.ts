// One daemon for one data folder: a lock that the kernel takes back when its holder dies, however it dies.
import Sqlite from 'better-sqlite3';
import { Fault } from '../../contract/fault.ts';

const inUse = 'Another Vedette uses this data folder. Stop it, or give this one a folder of its own by VEDETTE_DATA.';

/** `file`: made where it is not there. Throws Fault 'data-not-writable' with `refusal` while another process holds it. */
export function holdLock(file: string, refusal = inUse): { close(): void } {
  const lock = new Sqlite(file, { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return { close: () => void lock.close() };
  } catch (cause) {
    lock.close();
    throw new Fault('data-not-writable', refusal, { cause });
  }
}
