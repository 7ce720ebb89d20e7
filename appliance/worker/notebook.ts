// All that a job writes down: a line for each frame, how far it has come, and where it can be taken up again.
import type { ResultFrame, Summary } from '../contract/frame.ts';
import { frameShare, ProgressTracker, type Stage, type StageWeight } from '../contract/progress.ts';
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
  /** Of the job, by which its progress is counted. */
  readonly stages: readonly StageWeight[];
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
  /** By tool. */
  readonly #recollections = new Map<string, Recollection>();
  readonly #tracker: ProgressTracker;
  #ptsS = 0;
  #noted: { readonly progress: number; readonly frames: number } | null = null;

  private constructor(options: NotebookOptions, artifact: Artifact, mark: MarkFile) {
    const { directory, disk, origin, earlier } = options;
    const frames = earlier?.place.frames ?? 0;
    this.#options = options;
    this.#artifact = artifact;
    this.#trail = new Trail({ directory, artifact, disk, origin, number: earlier?.number ?? 0, frames });
    this.#mark = mark;
    this.#tracker = new ProgressTracker(options.stages, mark.earlier.progress);
    this.#tally = new Tally(origin.method.tools, frames, earlier?.found ?? {});
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

  /** Detections by class name in them, of one tool; null: of the only one. */
  classesOf(tool: string | null): Record<string, number> {
    return this.#tally.classesOf(tool);
  }

  /** What the tool kept of the lines that were continued; null where it kept nothing. */
  memoryOf(tool: string): unknown {
    return this.#options.earlier?.memory[tool] ?? null;
  }

  /** Asked behind a line, for the checkpoints and for the summary. */
  remember(tool: string, recollection: Recollection): void {
    this.#recollections.set(tool, recollection);
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
    this.reachedShare(stage, frameShare(currentFrame, totalFrames));
  }

  /** The same of a stage that knows no frames. `share` of it that is done, 0..1. */
  reachedShare(stage: Stage, share: number): void {
    this.#tracker.incremental(stage, share);
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
    const tracks = this.#recalled((recollection) => recollection.tracks());
    const summary = this.#tally.summary(this.#options.origin.probed.info, endS, tracks);
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
    const memory = this.#recalled((recollection) => recollection.memory());
    await this.#trail.commit(place, { found: this.#tally.found, memory });
  }

  #recalled<T>(what: (recollection: Recollection) => T): Record<string, T> {
    return Object.fromEntries([...this.#recollections].map(([tool, recollection]) => [tool, what(recollection)]));
  }

  #note(): void {
    const noted = this.#noted;
    const { progress } = this.#tracker;
    if (noted?.progress === progress && noted.frames === this.#tally.frames) return;
    this.#noted = { progress, frames: this.#tally.frames };
    this.#mark.write({
      progress,
      frame: this.#tally.frames,
      most_frames: Math.max(this.#mark.earlier.most_frames, this.#tally.frames),
      total_frames: this.#options.origin.probed.info.frames,
      pts_s: this.#ptsS,
    });
  }
}
