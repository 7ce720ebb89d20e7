// How far the job has come, kept in a small file so that what was told outlives both the worker and the daemon.
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { jobFiles, Mark } from '../contract/frame.ts';

/** One block of one length: an overwrite that a kill interrupts is never seen by half. */
const length = 160;

export class MarkFile {
  /** What an earlier worker of the job has let be told: never less is told again. */
  readonly earlier: Pick<Mark, 'progress' | 'most_frames'>;
  readonly #file: number;

  constructor(directory: string) {
    this.earlier = readEarlier(join(directory, jobFiles.mark));
    this.#file = openSync(join(directory, jobFiles.mark), constants.O_RDWR | constants.O_CREAT, 0o644);
  }

  /** Into the page cache only, which a killed process leaves intact: a few microseconds for every frame. */
  write(mark: Mark): void {
    try {
      writeSync(this.#file, `${JSON.stringify(mark).padEnd(length - 1)}\n`, 0);
    } catch {
      // A full disk: the job waits for room in its artifact, and the mark is written with the next frame.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

function readEarlier(path: string): Pick<Mark, 'progress' | 'most_frames'> {
  try {
    return Mark.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { progress: 0, most_frames: 0 }; // none was written yet
  }
}
