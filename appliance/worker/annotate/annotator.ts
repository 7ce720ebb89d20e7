// The annotated video of a job: drawn while its frames are analysed, or in a pass of its own behind that.
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../contract/fault.ts';
import { jobFiles, type ResultFrame } from '../../contract/frame.ts';
import { productFiles } from '../../contract/products.ts';
import type { Followed, Follower, Scene } from '../follower.ts';
import type { DecodingOptions } from '../ingest/decoding.ts';
import type { Frame } from '../ingest/frames.ts';
import { FullPictures } from '../ingest/full.ts';
import { layMp4 } from '../movie/mp4.ts';
import { writeMovie } from '../movie/write-movie.ts';
import { chooseEncoder, type EncoderKind } from './encoders.ts';
import { Film } from './film.ts';
import { linesOf } from './lines.ts';
import { SampleFile, type Stream } from './sample-file.ts';
import { takeSound } from './sound.ts';

/** Of the stage, when the pictures are drawn in it; else the sound has all that is before the writing. */
const shares = { pictures: 0.8, sound: 0.9 } as const;

interface Closable {
  readonly close: () => Promise<void>;
}

interface Drawing {
  readonly film: Film;
  readonly pictures: FullPictures;
}

/** Throws Fault annotation-failed where nothing here encodes: the job is not begun then. */
export async function openAnnotator(scene: Scene): Promise<Follower> {
  const { width, height, fps } = scene.probed.info;
  const { player, signal } = scene.decoding;
  const shape = { width, height, pixelAspect: '1/1', colorimetry: null };
  const threads = encoderThreads();
  const kind = await chooseEncoder(player, { shape, threads, fps: fps || 25 }, signal);
  scene.log.info({ encoder: kind.element }, 'annotating');
  const annotator = new Annotator(scene, kind, threads);
  // What an earlier worker has drawn went with it.
  if (scene.continued === 0) await annotator.beginBeside();
  return annotator;
}

/** Half of the machine at most: the analysis has the other half. */
function encoderThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism() >> 1));
}

class Annotator implements Follower {
  readonly #scene: Scene;
  readonly #kind: EncoderKind;
  readonly #threads: number;
  /** While the frames are analysed; null where the pictures are drawn behind that. */
  #beside: Drawing | null = null;
  readonly #opened = new Set<Closable>();
  #lines: number;
  #made = false;

  constructor(scene: Scene, kind: EncoderKind, threads: number) {
    this.#scene = scene;
    this.#kind = kind;
    this.#threads = threads;
    this.#lines = scene.continued;
  }

  async beginBeside(): Promise<void> {
    this.#beside = { film: await this.#openFilm(), pictures: this.#newPictures() };
  }

  get decoding(): Partial<DecodingOptions> {
    return this.#beside ? { full: this.#beside.pictures } : {};
  }

  async take(_frame: Frame | null, line: ResultFrame): Promise<void> {
    this.#lines++;
    if (!this.#beside) return;
    const { film, pictures } = this.#beside;
    try {
      const picture = await pictures.next();
      if (picture) return await film.add(picture, line);
      await this.#giveUpBeside(pictures.left ? 'the tools look too far ahead' : 'pictures are missing');
    } catch (error) {
      this.#throwFinal(error);
      await this.#giveUpBeside(error);
    }
  }

  async finish(report: (share: number) => void): Promise<Followed> {
    try {
      return await this.#finish(report);
    } catch (cause) {
      this.#throwFinal(cause);
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Fault('annotation-failed', `The annotated video could not be made: ${reason}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#beside?.pictures.leave();
    for (const one of this.#opened) await this.#close(one);
    // Half of a video is none.
    if (!this.#made) await rm(this.#path(productFiles.annotated), { force: true }).catch(() => undefined);
  }

  async #finish(report: (share: number) => void): Promise<Followed> {
    const { decoding, probed, disk, passage } = this.#scene;
    const { signal } = decoding;
    const drawn = await this.#finishBeside();
    const before = drawn ? 0 : shares.pictures;
    const video = drawn ?? (await this.#drawBehind((share) => report(share * before)));
    const samples = await SampleFile.open(this.#path(productFiles.annotatedSound), disk);
    this.#opened.add(samples);
    const durationS = probed.info.duration_s;
    const onSound = (share: number) => report(before + share * (shares.sound - before));
    const sound = await takeSound({ ...decoding, samples, durationS, passage, onShare: onSound });
    const heard = sound.kind === 'sound' ? sound.stream : null;
    const laid = layMp4({ video: video.track, audio: heard?.track ?? null, rotation: 0, order: 'by time' });
    if (!laid) throw new Error('what was coded is nothing for an MP4');
    const packets = heard ? [video.packets, heard.packets] : [video.packets];
    const onShare = (share: number) => report(shares.sound + share * (1 - shares.sound));
    const path = this.#path(productFiles.annotated);
    const annotated_bytes = await writeMovie({ path, laid, packets, disk, passage, signal, onShare });
    this.#made = true;
    const warnings = sound.kind === 'lost' ? [`the annotated video has no sound: ${sound.reason}`] : [];
    return { products: { annotated_bytes }, warnings };
  }

  async #finishBeside(): Promise<Stream | null> {
    if (!this.#beside) return null;
    try {
      return await this.#beside.film.finish();
    } catch (error) {
      this.#throwFinal(error);
      await this.#giveUpBeside(error);
      return null;
    }
  }

  /** Decodes once more, and draws by what stands in the artifact. */
  async #drawBehind(report: (share: number) => void): Promise<Stream> {
    const { decoding, passage, start } = this.#scene;
    const { player, platform, path } = decoding;
    const film = await this.#openFilm();
    const pictures = this.#newPictures();
    const playback = player.play(platform.full(pictures.size), path);
    pictures.attach(playback, decoding);
    for await (const line of linesOf(join(start.artifactDir, jobFiles.frames))) {
      await passage();
      decoding.signal.throwIfAborted();
      const picture = await pictures.next();
      // A stream that breaks may break a little earlier the second time.
      if (!picture) break;
      await film.add(picture, line);
      report(Math.min(1, film.count / Math.max(1, this.#lines)));
    }
    playback.stop();
    return film.finish();
  }

  async #openFilm(): Promise<Film> {
    const { probed, disk, decoding } = this.#scene;
    const { player, stallMs, signal } = decoding;
    const path = this.#path(productFiles.annotatedPictures);
    const how = { kind: this.#kind, threads: this.#threads, fps: probed.info.fps };
    const film = await Film.open({ path, player, stallMs, signal, disk, ...how });
    this.#opened.add(film);
    return film;
  }

  #newPictures(): FullPictures {
    const { width, height } = this.#scene.probed.info;
    return new FullPictures({ width, height });
  }

  async #giveUpBeside(reason: unknown): Promise<void> {
    const told = reason instanceof Error ? { err: reason } : { reason };
    this.#scene.log.warn({ ...told, lines: this.#lines }, 'drawing in a pass of its own');
    const beside = this.#beside;
    this.#beside = null;
    beside?.pictures.leave();
    if (beside) await this.#close(beside.film);
  }

  async #close(one: Closable): Promise<void> {
    this.#opened.delete(one);
    await one.close().catch((err: unknown) => this.#scene.log.warn({ err }, 'annotation left something open'));
  }

  /** What another pass would not change. */
  #throwFinal(error: unknown): void {
    this.#scene.decoding.signal.throwIfAborted();
    if (error instanceof Fault && error.code === 'artifact-failed') throw error;
  }

  #path(name: string): string {
    return join(this.#scene.start.artifactDir, name);
  }
}
