// The one picture that is kept of a job: its first frame, until a frame with more in it comes along.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../contract/errno.ts';
import { jobFiles } from '../contract/frame.ts';
import type { Log } from '../log.ts';
import { overwrite } from './disk.ts';

export interface PosterOptions {
  readonly directory: string;
  /** Of a job that goes on, an earlier worker's picture stays. */
  readonly continued: boolean;
  readonly log: Log;
}

/** A better frame is not looked for more often: each one costs an encoding. */
const everyMs = 2000;

export class Poster {
  readonly #path: string;
  readonly #log: Log;
  readonly #kept: boolean;
  #best: { readonly jpeg: Buffer; readonly objects: number } | null = null;
  #dueAt = -Infinity;

  private constructor(path: string, kept: boolean, log: Log) {
    this.#path = path;
    this.#kept = kept;
    this.#log = log;
  }

  static async open({ directory, continued, log }: PosterOptions): Promise<Poster> {
    const path = join(directory, jobFiles.poster);
    const { size } = await stat(path).catch(() => ({ size: 0 })); // not there, or not to be seen: one is made
    return new Poster(path, continued && size > 0, log);
  }

  /** Whether a frame with so many objects is better than what there is. */
  wants(objects: number): boolean {
    if (this.#kept) return false;
    if (!this.#best) return true;
    return objects > this.#best.objects && performance.now() >= this.#dueAt;
  }

  take(jpeg: Buffer, objects: number): void {
    this.#best = { jpeg, objects };
    this.#dueAt = performance.now() + everyMs;
  }

  /** True where a picture lies on the disk. It never fails its job: what the disk does not take is not there. */
  async save(): Promise<boolean> {
    if (!this.#best) return this.#kept;
    try {
      await overwrite(this.#path, this.#best.jpeg, 'no sync');
      return true;
    } catch (err) {
      this.#log.warn({ code: codeOf(err) }, 'poster could not be written');
      await overwrite(this.#path, '', 'no sync').catch(() => undefined); // half of it may stay; the browser shows that
      return false;
    }
  }
}
