// All that a job writes down: a line for each frame, how far it has come, and where it can be taken up again.
import type { ResultFrame, Summary } from '../contract/frame.ts';
import { frameShare, overallProgress, type Stage } from '../contract/progress.ts';
import { Artifact, type Written } from './artifact.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Disk } from './disk.ts';
import type { Place } from './ingest/place.ts';
import { MarkFile } from './mark.ts';
import { Tally } from './tally.ts';
import type { Recollection } from './tools/tool.ts';
import { Trail } from './trail.ts';

export interface NotebookOptions {
  readonly directory: string;
  readonly disk: Disk;
  readonly origin: Pick<Checkpoint, 'source' | 'probed' | 'method'>;
  /** What is continued; null: the job begins. */
  readonly earlier: Checkpoint | null;
  /** Where the source stands, behind its last frame; null where that could not be found again. */
  readonly place: () => Place | null;
}

/** Methods throw as Artifact's do; after a throw only save() and close() are of use. */
export class Notebook {
  readonly #options: NotebookOptions;
  readonly #artifact: Artifact;
  readonly #trail: Trail;
  readonly #mark: MarkFile;
  readonly #tally: Tally;
  #recollection: Recollection | null = null;
  #progress: number;
  #ptsS = 0;
  #noted: { readonly progress: number; readonly frames: number } | null = null;

  private constructor(options: NotebookOptions, artifact: Artifact, mark: MarkFile) {
    const { directory, disk, origin, earlier } = options;
    const frames = earlier?.place.frames ?? 0;
    this.#options = options;
    this.#artifact = artifact;
    this.#trail = new Trail({ directory, artifact, disk, origin, number: earlier?.number ?? 0, frames });
    this.#mark = mark;
    this.#progress = mark.earlier.progress;
    this.#tally = new Tally(frames, earlier?.classes ?? {});
  }

  static async open(options: NotebookOptions): Promise<Notebook> {
    const { directory, disk, earlier } = options;
    const kept = { frames: earlier?.place.frames ?? 0, bytes: earlier?.bytes ?? 0 };
    const artifact = await Artifact.open({ directory, kept, disk });
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to be a rejection
    return new Notebook(options, artifact, await disk.write(async () => new MarkFile(directory)));
  }

  /** Lines so far, with those that were continued. */
  get frames(): number {
    return this.#tally.frames;
  }

  /** Detections by class name in them. */
  get classes(): Record<string, number> {
    return this.#tally.classes;
  }

  /** What the tool kept of the lines that were continued. */
  get memory(): unknown {
    return this.#options.earlier?.memory ?? null;
  }

  /** Asked behind a line, for the checkpoints and for the summary. */
  remember(recollection: Recollection): void {
    this.#recollection = recollection;
  }

  async add(line: ResultFrame): Promise<void> {
    this.#tally.add(line);
    await this.#artifact.append(line);
    this.#ptsS = line.pts_s;
    this.#note();
    if (this.#trail.due(this.#tally.frames)) await this.#commit();
  }

  /** Before it is told to anybody. */
  reached(stage: Stage, currentFrame: number, totalFrames: number | null): void {
    this.#progress = Math.max(this.#progress, overallProgress(stage, frameShare(currentFrame, totalFrames)));
    this.#note();
  }

  /** Before the job is left: what was found stays readable, and nothing has to be done again. */
  async save(): Promise<void> {
    await this.#artifact.flush();
    await this.#commit();
    await this.#trail.close();
  }

  /** All of it, and the summary. Returns when they are on the disk. */
  async finish(endS: number): Promise<Written & { readonly summary: Summary }> {
    await this.#trail.close();
    const counts = this.#tally.summary(this.#options.origin.probed.info, endS);
    const summary = this.#recollection ? { ...counts, tracks: this.#recollection.tracks() } : counts;
    return { ...(await this.#artifact.finish(summary)), summary };
  }

  close(): Promise<void> {
    this.#mark.close();
    return this.#artifact.close();
  }

  /** Only where every frame that the source has handed out has its line. */
  async #commit(): Promise<void> {
    const place = this.#options.place();
    if (place?.frames !== this.#tally.frames) return;
    const memory = this.#recollection?.memory() ?? null;
    await this.#trail.commit(place, { classes: this.#tally.classes, memory });
  }

  #note(): void {
    const noted = this.#noted;
    if (noted?.progress === this.#progress && noted.frames === this.#tally.frames) return;
    this.#noted = { progress: this.#progress, frames: this.#tally.frames };
    this.#mark.write({
      progress: this.#progress,
      frame: this.#tally.frames,
      most_frames: Math.max(this.#mark.earlier.most_frames, this.#tally.frames),
      total_frames: this.#options.origin.probed.info.frames,
      pts_s: this.#ptsS,
    });
  }
}
