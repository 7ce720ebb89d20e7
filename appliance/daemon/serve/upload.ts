// Takes in uploads: a form's file goes to disk as it comes, is checked on the way, and becomes a job's input in one move.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../contract/fault.ts';
import { jobFiles } from '../../contract/frame.ts';
import type { Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { shownName } from './file-name.ts';
import { moveDurably } from './durable-move.ts';
import { IncomingFile, type FileLimits, tooLarge } from './incoming-file.ts';
import { missing, Unprocessable } from './mistakes.ts';
import { openForm } from './multipart.ts';
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
  /** Over the salt and the bytes, in hex; null where none was asked for. */
  readonly sha256: string | null;
}

type Incoming = Pick<RawRequest, 'header' | 'body' | 'signal'>;

export interface Receipt {
  readonly job: Job;
  /** It was there before: this upload has left nothing. */
  readonly replayed: boolean;
}

/** What a form's boundaries and part headers may add to the file. */
const formBytes = 64 * 1024;
const formLimits = { fields: 50, files: 4, fieldSize: 64 * 1024, headerPairs: 64, headerSize: 16 * 1024 };

export class Uploads {
  readonly #options: UploadsOptions & { readonly most: number };
  #underWay = 0;

  constructor(options: UploadsOptions) {
    this.#options = { most: 20, ...options };
  }

  /**
   * Reads the field `file` of a form, and hands it to `take` when it lies in its job's folder. Whatever goes wrong,
   * in `take` as well, nothing stays behind; nor does it where `take` answers with another job than this file's.
   * `salt`: asks for a hash, and goes into it ahead of the bytes. `identify`: in place of the one of the options.
   * Throws what that throws, Fault `upload-too-large`, `disk-full`, `data-not-writable`, `queue-full` or
   * `malformed-request`, or Unprocessable where there is not exactly one file.
   */
  async receive(
    request: Incoming,
    take: (upload: Upload) => Job,
    salt: string | null = null,
    identify: FileLimits['identify'] = this.#options.identify,
  ): Promise<Receipt> {
    const id = randomUUID();
    const folder = join(this.#options.jobsDir, id);
    const keep = async (part: string, upload: Omit<Upload, 'id'>): Promise<Receipt> => {
      // A row must never know of a file that a loss of power takes back.
      await moveDurably(part, join(folder, jobFiles.input));
      const job = take({ id, ...upload });
      const replayed = job.id !== id;
      if (replayed) await rm(folder, { recursive: true, force: true });
      return { job, replayed };
    };
    try {
      return await this.takeIn(request, keep, salt, identify);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Throws Fault `queue-full` where too many uploads are under way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const { most } = this.#options;
    if (this.#underWay >= most) throw new Fault('queue-full', `${most} uploads are under way; try again in a moment`);
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }

  /**
   * Reads the field `file` of a form to a file of its own, and hands that to `keep`, which moves it away. Whatever goes
   * wrong, in `keep` as well, the file does not stay. Throws as receive() does.
   */
  takeIn<T>(
    request: Incoming,
    keep: (part: string, upload: Omit<Upload, 'id'>) => Promise<T>,
    salt: string | null = null,
    identify: FileLimits['identify'] = this.#options.identify,
  ): Promise<T> {
    return this.during(() => this.#takeIn(request, keep, salt, identify));
  }

  async #takeIn<T>(...[request, keep, salt = null, identify]: Parameters<typeof this.takeIn<T>>): Promise<T> {
    const { uploadsDir, maxBytes, log } = this.#options;
    const declared = Number(request.header('content-length')) || 0;
    if (declared > maxBytes + formBytes) throw tooLarge(maxBytes);
    const part = join(uploadsDir, `${randomUUID()}.part`);
    const file = new IncomingFile(part, { ...this.#options, ...(identify && { identify }) }, salt);
    try {
      await file.open(declared);
      const name = await readForm(request, file);
      await file.finish();
      return await keep(part, { name, bytes: file.bytes, type: file.type, sha256: file.sha256() });
    } catch (error) {
      await file.close();
      await rm(part, { force: true });
      log.info({ bytes: file.bytes, reason: error instanceof Error ? error.message : error }, 'upload refused');
      throw storageFault(error) ?? error;
    }
  }
}

/** Inside the folder of uploads, and kept by a new daemon: those that can be resumed. */
export const resumableFolder = 'resumable';
/** The same of those that wait for their jobs. */
export const keptFolder = 'kept';

/** Makes the folder ready, and removes what an earlier daemon left in it. */
export async function cleanUploads(uploadsDir: string): Promise<void> {
  await mkdir(uploadsDir, { recursive: true });
  const left = (await readdir(uploadsDir)).filter((name) => name !== resumableFolder && name !== keptFolder);
  for (const name of left) await rm(join(uploadsDir, name), { recursive: true, force: true });
}

const secondFile = { type: 'too_many', loc: ['body', 'file'], msg: 'Exactly one file is accepted', input: null };

/**
 * Streams the field `file` of the form into the file; resolves with the file's name. Throws what that throws, Fault
 * 'malformed-request', or Unprocessable where there is not exactly one file.
 */
export async function readForm(
  { header, body, signal }: Pick<RawRequest, 'header' | 'body' | 'signal'>,
  file: IncomingFile,
): Promise<string> {
  const form = openForm(header('content-type'), formLimits);
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
    // A body that fails in the midst of the file leaves the file waiting for the rest; the first reason stays.
    stop.abort(error);
    await kept?.catch(() => undefined); // the same failure, or its echo: both ends are told of it
    const cause: unknown = stop.signal.reason;
    // Of the disk, of the sender, or said already; what is left is the form's own.
    const isTold = cause instanceof Fault || cause instanceof Unprocessable || signal.aborted;
    if (isTold || (cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new Fault('malformed-request', 'The form is damaged or ends early', { cause });
  }
  if (!kept) throw new Unprocessable([missing('body', 'file')]);
  return name;
}
