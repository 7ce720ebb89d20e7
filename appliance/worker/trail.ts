// Commits where the job can be taken up again, every few seconds, without holding up the frames.
import type { Artifact } from './artifact.ts';
import { type Checkpoint, writeCheckpoint } from './checkpoint.ts';
import type { Disk } from './disk.ts';
import type { Place } from './ingest/place.ts';

export interface TrailOptions {
  readonly directory: string;
  readonly artifact: Artifact;
  readonly disk: Disk;
  /** What stays the same in all of a job's checkpoints. */
  readonly origin: Pick<Checkpoint, 'source' | 'probed' | 'method'>;
  /** Of the checkpoint that the job was taken up at, 0 without. */
  readonly number: number;
  /** Frames that lie before its place. */
  readonly frames: number;
}

/** A job that is taken up does at most so much again. */
const everyMs = 2000;
const everyFrames = 500;

export class Trail {
  readonly #options: TrailOptions;
  #number: number;
  #frames: number;
  #committedAt = performance.now();
  #underWay: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(options: TrailOptions) {
    this.#options = options;
    this.#number = options.number;
    this.#frames = options.frames;
  }

  /** True when it is time for the next one, and the disk has taken the last one. */
  due(frames: number): boolean {
    if (this.#underWay) return false;
    return frames - this.#frames >= everyFrames || performance.now() - this.#committedAt >= everyMs;
  }

  /** Returns when it is under way. A failure is thrown by the next call. */
  async commit(place: Place, known: Pick<Checkpoint, 'found' | 'memory'>): Promise<void> {
    await this.#settled();
    const { directory, artifact, disk, origin } = this.#options;
    const { frames, bytes } = await artifact.flush();
    if (frames !== place.frames) throw new Error(`the artifact has ${frames} frames, the place ${place.frames}`);
    this.#frames = frames;
    this.#committedAt = performance.now();
    const checkpoint: Checkpoint = { version: 4, number: ++this.#number, ...origin, place, bytes, ...known };
    const write = async () => {
      // The lines first: a checkpoint must never know of more than the disk has.
      await artifact.sync();
      await writeCheckpoint(directory, checkpoint, disk);
    };
    this.#underWay = write()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => (this.#underWay = null));
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#settled();
  }

  async #settled(): Promise<void> {
    await this.#underWay;
    if (this.#failure) throw this.#failure.error;
  }
}
