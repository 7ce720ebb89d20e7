// What a worker is kept in: the words that every way of confining shares, and the one that confines nothing.
import { join } from 'node:path';
import { jobFiles } from '../../contract/frame.ts';

/** By which paths a worker reaches its job. */
export interface Entrance {
  /** The input file. */
  readonly inputPath: string;
  /** Takes the artifact; may hold what an earlier worker left of it. */
  readonly artifactDir: string;
}

/** What one worker is launched into. */
export interface Seat {
  /** Stands before the program on the command line. */
  readonly wrapper: readonly string[];
  /**
   * True where the wrapper stays around the worker as its monitor, instead of becoming it: then it is told on file
   * descriptor 4 which process it made, and ends with 128 + n where the worker ended by signal n.
   */
  readonly monitored: boolean;
  readonly enter: (jobFolder: string) => Promise<Entrance>;
  /** Brings files of these names, which the worker made itself, into the job's folder. Throws ENOENT where one is not there. */
  readonly collect: (jobFolder: string, names: readonly string[]) => Promise<void>;
  /** Called when the worker is gone. */
  readonly leave: () => Promise<void>;
}

export interface Confinement {
  /**
   * A seat for the next worker, which is to read the file of this model and to write into these folders, besides that of
   * its job. Throws where the disk does not give it one.
   */
  seat(model: string, written?: readonly string[]): Promise<Seat>;
}

/** A seat in which job folders are reached as they are. */
export function openSeat(wrapper: readonly string[], monitored = false): Seat {
  return {
    wrapper,
    monitored,
    enter: (jobFolder) => Promise.resolve({ inputPath: join(jobFolder, jobFiles.input), artifactDir: jobFolder }),
    collect: () => Promise.resolve(),
    leave: () => Promise.resolve(),
  };
}

/** Nothing is kept from the worker. */
export const plain: Confinement = { seat: () => Promise.resolve(openSeat([])) };
