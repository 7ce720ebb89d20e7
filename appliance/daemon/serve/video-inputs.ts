// Videos that came without a job: kept for a day under a name of ours, so that one upload can become several jobs.
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { syncFolder } from '../record/sync-folder.ts';
import { writeDurably } from '../record/write-durably.ts';
import { moveDurably } from './durable-move.ts';
import type { Uploads } from './upload.ts';

export interface VideoInputsOptions {
  readonly uploads: Pick<Uploads, 'takeIn'>;
  /** Theirs alone, on the file system of the jobs. */
  readonly folder: string;
  /** Most that all of them may hold: the oldest make room. */
  readonly mostBytes: number;
  readonly most?: number;
  readonly keepMs?: number;
  readonly log: Log;
}

const About = z.object({ name: z.string(), type: z.string() });

interface VideoInput extends z.infer<typeof About> {
  readonly bytes: number;
  /** ms since 1970. */
  readonly cameAt: number;
}

/** As clients name one. */
const prefix = 'video/input/';
const pathForm = /^video\/input\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.mp4$/;
const sweepMs = 600_000;
/** Another way to the same bytes cannot be made: across file systems, where the disk knows none, or has too many. */
const unlinkable = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP']);

export class VideoInputs {
  readonly #options: Required<VideoInputsOptions>;
  /** By id, the oldest first. */
  readonly #inputs = new Map<string, VideoInput>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: VideoInputsOptions) {
    this.#options = { most: 50, keepMs: 24 * 3_600_000, ...options };
  }

  /** Takes up what an earlier daemon left. */
  async open(): Promise<void> {
    const { folder, log } = this.#options;
    const names = await readdir(folder).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return []; // it is made for the first video
      throw error;
    });
    const found: [string, VideoInput][] = [];
    for (const name of names) {
      const id = pathForm.exec(prefix + name)?.[1];
      const input = id === undefined ? null : await this.#read(id);
      if (id !== undefined && input) found.push([id, input]);
    }
    for (const [id, input] of found.sort(([, a], [, b]) => a.cameAt - b.cameAt)) this.#inputs.set(id, input);
    // What is no whole pair is of an upload that a crash cut off.
    const known = new Set(found.flatMap(([id]) => [`${id}.mp4`, `${id}.json`]));
    for (const name of names) if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true });
    await this.#sweep();
    this.#sweeping = setInterval(() => {
      this.#sweep().catch((err: unknown) => log.error({ err }, 'uploaded videos not swept'));
    }, sweepMs);
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  /** Reads the field `file` of a form; answers with the path to name it by. Throws as a submit does. */
  async receive(request: Parameters<Uploads['takeIn']>[0]): Promise<string> {
    const { uploads, log } = this.#options;
    const id = randomUUID();
    await uploads.takeIn(request, async (part, { name, type, bytes }) => {
      await mkdir(this.#options.folder, { recursive: true });
      await writeDurably(this.#about(id), JSON.stringify({ name, type } satisfies z.infer<typeof About>));
      await moveDurably(part, this.#file(id));
      this.#inputs.set(id, { name, type, bytes, cameAt: Date.now() });
    });
    await this.#sweep(id);
    log.info({ uploadId: id }, 'video kept for jobs to come');
    return `${prefix}${id}.mp4`;
  }

  /**
   * Makes the video a job's input, at `target` in a folder that is made. Nothing but a path that receive() gave leads to
   * one. Throws Fault 'malformed-request' for any other.
   */
  async put(path: string, target: string): Promise<Pick<VideoInput, 'name' | 'type' | 'bytes'>> {
    const id = pathForm.exec(path)?.[1];
    const input = id === undefined ? undefined : this.#inputs.get(id);
    if (id === undefined || !input) throw notFound(path);
    const folder = dirname(target);
    await mkdir(folder);
    try {
      await link(this.#file(id), target).catch(async (error: unknown) => {
        if (!unlinkable.has(codeOf(error))) throw error;
        await copyFile(this.#file(id), target, constants.COPYFILE_FICLONE);
      });
      await syncFolder(folder);
      await syncFolder(dirname(folder));
      return input;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      // Swept in between.
      throw codeOf(error) === 'ENOENT' ? notFound(path) : error;
    }
  }

  /** What is too old, and the oldest where they are too many; `newest` stays. */
  async #sweep(newest?: string): Promise<void> {
    const { keepMs, most, mostBytes } = this.#options;
    const late = Date.now() - keepMs;
    let bytes = [...this.#inputs.values()].reduce((sum, input) => sum + input.bytes, 0);
    for (const [id, input] of this.#inputs) {
      if (input.cameAt >= late && this.#inputs.size <= most && bytes <= mostBytes) break;
      if (id === newest) break;
      bytes -= input.bytes;
      this.#inputs.delete(id);
      await rm(this.#file(id), { force: true });
      await rm(this.#about(id), { force: true });
    }
  }

  async #read(id: string): Promise<VideoInput | null> {
    try {
      const { size, mtimeMs } = await stat(this.#file(id));
      return { ...About.parse(JSON.parse(await readFile(this.#about(id), 'utf8'))), bytes: size, cameAt: mtimeMs };
    } catch (err) {
      this.#options.log.warn({ err, uploadId: id }, 'uploaded video is not whole; removed');
      return null;
    }
  }

  #file(id: string): string {
    return join(this.#options.folder, `${id}.mp4`);
  }

  #about(id: string): string {
    return join(this.#options.folder, `${id}.json`);
  }
}

function notFound(path: string): Fault {
  return new Fault('malformed-request', `Video file not found: ${path.slice(0, 200)}`);
}
