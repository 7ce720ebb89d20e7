// The clips of a job: behind the analysis, what was found says which moments they are, and the video is cut there.
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, type ResultFrame } from '../../contract/frame.ts';
import { type Clip, clipFiles } from '../../contract/products.ts';
import { overwrite } from '../disk.ts';
import type { Followed, Follower, Scene } from '../follower.ts';
import { ClipPosters } from './clip-posters.ts';
import { type CutClip, cutClips, type CutResult } from './cutter.ts';
import { MomentFinder, type Moments } from './moments.ts';

type Report = (share: number) => void;

/** As many as the contract lets a job have. */
const mostClips = 500;
/** Each costs a pipeline, of which a little stays until the worker leaves: the surest have one. */
const mostPosters = 100;
/** Of the stage: when what was found is read, and when the clips are cut. */
const shares = { read: 0.1, cut: 0.6 } as const;
/** Lines are read for so long before anything else has its turn. */
const linesAtOnce = 500;

export function openClipper(scene: Scene): Promise<Follower> {
  return Promise.resolve(new Clipper(scene));
}

class Clipper implements Follower {
  readonly #scene: Scene;
  /** Of files that are worth nothing before all are made. */
  #made: string[] = [];
  #posters: ClipPosters | null = null;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** The moments are made from what is written down: a job that goes on has lines that no follower was handed. */
  take(): void {
    return;
  }

  async finish(report: Report): Promise<Followed> {
    const { start, probed, log } = this.#scene;
    if (start.clips.length === 0) return { products: { clips: [] }, warnings: [] };
    const moments = await this.#findMoments(report);
    log.info({ moments: moments.kept.length, leftOut: moments.leftOut }, 'moments found');
    const { clips: cut, failed, silenced } = await this.#cut(moments, report);
    const clips = await this.#addPosters(cut, report);
    const warnings = [
      ...(moments.leftOut > 0
        ? [`${moments.leftOut} more moments became no clips: at most ${mostClips} are made, of the surest.`]
        : []),
      ...(failed > 0
        ? [`${failed} of ${moments.kept.length} clips could not be cut from this ${probed.info.codec} video.`]
        : []),
      ...(silenced > 0
        ? [`The sound of ${silenced} clips could not be kept: neither MP4 nor Matroska takes it here.`]
        : []),
    ];
    this.#made = [];
    return { products: { clips }, warnings };
  }

  async close(): Promise<void> {
    this.#posters?.stop();
    for (const name of this.#made) {
      await rm(join(this.#scene.start.artifactDir, name), { force: true }).catch(() => undefined); // the daemon drops it
    }
  }

  async #findMoments(report: Report): Promise<Moments> {
    const { start, probed, passage } = this.#scene;
    const path = join(start.artifactDir, jobFiles.frames);
    const { size } = await stat(path);
    const finder = new MomentFinder(start.clips, mostClips);
    const input = createReadStream(path, 'utf8');
    let [lines, bytes, lastS] = [0, 0, 0];
    try {
      for await (const text of createInterface({ input, crlfDelay: Infinity })) {
        // Written by this job's workers, line by line.
        const line = JSON.parse(text) as ResultFrame;
        finder.take(line);
        lastS = line.pts_s;
        bytes += text.length + 1;
        if (++lines % linesAtOnce > 0) continue;
        report(shares.read * Math.min(1, bytes / size));
        await passage();
      }
    } finally {
      input.destroy();
    }
    report(shares.read);
    return finder.end(Math.max(lastS, probed.info.duration_s));
  }

  async #cut({ kept }: Moments, report: Report): Promise<CutResult> {
    const { start, probed, decoding, disk, passage, log } = this.#scene;
    if (kept.length === 0) return { clips: [], failed: 0, silenced: 0 };
    const { path, player, stallMs, signal } = decoding;
    try {
      const cut = await cutClips({
        ...{ path, player, stallMs, signal, disk, passage, log, moments: kept },
        container: probed.info.container,
        rotation: probed.info.rotation,
        folder: start.artifactDir,
        onShare: (share) => report(shares.read + (shares.cut - shares.read) * share),
        onMade: (name) => this.#made.push(name),
      });
      report(shares.cut);
      return cut;
    } catch (fault) {
      if (!(fault instanceof Fault) || signal.aborted) throw fault;
      if (fault.code === 'artifact-failed') {
        throw new Fault('clip-failed', `The clips could not be written. ${fault.message}`, { cause: fault });
      }
      log.warn({ err: fault }, 'no clips could be cut');
      return { clips: [], failed: kept.length, silenced: 0 };
    }
  }

  async #addPosters(cut: readonly CutClip[], report: Report): Promise<Clip[]> {
    const { start, probed, decoding, disk, passage } = this.#scene;
    const { path, player, platform, stallMs, signal } = decoding;
    this.#posters = new ClipPosters({ path, player, platform, stallMs, signal, probed });
    const surest = new Set([...cut].sort((a, b) => b.best - a.best).slice(0, mostPosters));
    const clips: Clip[] = [];
    for (const one of cut) {
      const { moment, ...clip } = one;
      const picture = surest.has(one) ? await this.#posters.take(moment.bestAtS) : null;
      if (picture) {
        const { poster } = clipFiles(clip);
        this.#made.push(poster);
        await disk.write(() => overwrite(join(start.artifactDir, poster), picture, 'no sync'));
      }
      clips.push({ ...clip, poster: picture !== null });
      report(shares.cut + (1 - shares.cut) * (clips.length / cut.length));
      await passage();
    }
    return clips;
  }
}
