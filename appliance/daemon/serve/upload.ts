// Takes in uploads: a form's file goes to disk as it comes, is checked on the way, and becomes a job's input in one move.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import type { Log } from '../../log.ts';
import { shownName } from './file-name.ts';
import { IncomingFile, type FileLimits, tooLarge } from './incoming-file.ts';
import { missing, Unprocessable } from './mistakes.ts';
import type { RawRequest } from './route.ts';
import { storageFault } from './storage-fault.ts';

export interface UploadsOptions extends FileLimits {
  /** Takes files that are still coming. On the file system of `jobsDir`. */
  readonly uploadsDir: string;
  /** Holds a folder for each job. */
  readonly jobsDir: string;
  /** Uploads at the same time. */
  readonly most?: number;
  readonly log: Log;
}

/** A file that lies at `<jobsDir>/<id>/input`. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** By magic bytes. */
  readonly type: string;
}

/** What a form's boundaries and part headers may add to the file. */
const formBytes = 64 * 1024;
/** One read of the socket brings up to 512 KiB; smaller marks would stop the form at every one of them. */
const highWaterMark = 512 * 1024;
const formLimits = { fields: 50, files: 4, fieldSize: 64 * 1024, headerPairs: 64, headerSize: 16 * 1024 };

export class Uploads {
  readonly #options: Required<UploadsOptions>;
  #underWay = 0;

  constructor(options: UploadsOptions) {
    this.#options = { most: 20, ...options };
  }

  /**
   * Reads the field `file` of a form, and hands it to `take` when it lies in its job's folder. Whatever goes wrong,
   * in `take` as well, nothing stays behind. Throws Fault `invalid-video`, `upload-too-large`, `disk-full`,
   * `data-not-writable`, `queue-full` or `malformed-request`, or Unprocessable where there is not exactly one file.
   */
  async receive<T>(request: Pick<RawRequest, 'header' | 'body' | 'signal'>, take: (upload: Upload) => T): Promise<T> {
    const { most, uploadsDir, jobsDir, maxBytes, log } = this.#options;
    if (this.#underWay >= most) throw new Fault('queue-full', `${most} uploads are under way; try again in a moment`);
    const declared = Number(request.header('content-length')) || 0;
    if (declared > maxBytes + formBytes) throw tooLarge(maxBytes);
    const id = randomUUID();
    const part = join(uploadsDir, `${id}.part`);
    const folder = join(jobsDir, id);
    const file = new IncomingFile(part, this.#options);
    this.#underWay += 1;
    try {
      await file.open(declared);
      const name = await readForm(request, file);
      await file.finish();
      await mkdir(folder, { recursive: true });
      await rename(part, join(folder, jobFiles.input));
      return take({ id, name, bytes: file.bytes, type: file.type });
    } catch (error) {
      await file.close();
      await rm(part, { force: true });
      await rm(folder, { recursive: true, force: true });
      log.info(
        { uploadId: id, bytes: file.bytes, reason: error instanceof Error ? error.message : error },
        'upload refused',
      );
      throw storageFault(error) ?? error;
    } finally {
      this.#underWay -= 1;
    }
  }
}

/** Makes the folder ready, and removes what an earlier daemon left in it. */
export async function cleanUploads(uploadsDir: string): Promise<void> {
  await mkdir(uploadsDir, { recursive: true });
  for (const name of await readdir(uploadsDir)) await rm(join(uploadsDir, name), { recursive: true, force: true });
}

const secondFile = { type: 'too_many', loc: ['body', 'file'], msg: 'Exactly one file is accepted', input: null };

/** Streams the form into the file; resolves with the file's name. */
async function readForm(
  { header, body, signal }: Pick<RawRequest, 'header' | 'body' | 'signal'>,
  file: IncomingFile,
): Promise<string> {
  const type = header('content-type');
  if (!/^multipart\/form-data;.*boundary=/i.test(type)) throw new Unprocessable([missing('body', 'file')]);
  const form = new Busboy({
    headers: { 'content-type': type },
    limits: formLimits,
    highWaterMark,
    fileHwm: highWaterMark,
  });
  const stop = new AbortController();
  const either = AbortSignal.any([stop.signal, signal]);
  let kept: Promise<void> | undefined;
  let name = '';
  form.on('file', (field, stream: Readable, fileName: string | undefined) => {
    // The form tells its end of the file too, even after the file was given up; the pipeline below reports it.
    stream.on('error', () => undefined);
    // A file that is not read holds up the form for good.
    if (field !== 'file') stream.resume();
    else if (kept) stop.abort(new Unprocessable([secondFile]));
    else {
      name = shownName(fileName ?? '');
      kept = file.take(addAbortSignal(either, stream));
      kept.catch((error: unknown) => stop.abort(error));
    }
  });
  try {
    await pipeline(body, form, { signal: either });
    await kept;
  } catch (error) {
    await kept?.catch(() => undefined); // the same failure, or its echo: both ends are told of it
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
    // Of the disk, of the sender, or said already; what is left is the form's own.
    const isTold = cause instanceof Fault || cause instanceof Unprocessable || signal.aborted;
    if (isTold || (cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new Fault('malformed-request', 'The form is damaged or ends early', { cause });
  }
  if (!kept) throw new Unprocessable([missing('body', 'file')]);
  return name;
}
