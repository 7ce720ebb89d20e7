// Takes in models: the form's files go to disk as they come, and become a model when a worker has loaded it.
import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../../contract/fault.ts';
import type { ModelView } from '../../contract/model-api.ts';
import type { Log } from '../../log.ts';
import type { Models } from '../models/models.ts';
import type { Staging } from '../models/staging.ts';
import { shownName } from './file-name.ts';
import { IncomingFile, type FileLimits, type Space, tooLarge } from './incoming-file.ts';
import { missing, Unprocessable } from './mistakes.ts';
import { openForm } from './multipart.ts';
import type { RawRequest } from './route.ts';
import { storageFault } from './storage-fault.ts';

export interface ModelUploadsOptions {
  readonly models: Pick<Models, 'receive'>;
  /** Of the model; its class names are small. */
  readonly maxBytes: number;
  readonly space: Space;
  readonly log: Log;
}

type Request = Pick<RawRequest, 'header' | 'body' | 'signal'>;

const labelBytes = 256 * 1024;
/** What a form's boundaries and part headers may add to the files. */
const formBytes = 64 * 1024 + labelBytes;
const formLimits = { fields: 10, files: 4, fieldSize: 16 * 1024, headerPairs: 64, headerSize: 16 * 1024 };
/** At the same time: each has a worker load a model. */
const mostUploads = 2;

export class ModelUploads {
  readonly #options: ModelUploadsOptions;
  #underWay = 0;

  constructor(options: ModelUploadsOptions) {
    this.#options = options;
  }

  /**
   * Reads the fields `file` and `labels` of a form. Whatever goes wrong, nothing stays behind. Throws Fault
   * 'model-refused', 'model-taken', 'upload-too-large', 'disk-full', 'data-not-writable', 'queue-full' or
   * 'malformed-request', or Unprocessable where there is no file.
   */
  async receive(request: Request): Promise<ModelView> {
    const { models, maxBytes, log } = this.#options;
    if (this.#underWay >= mostUploads)
      throw new Fault('queue-full', 'Other models are on their way in; try again soon');
    const declared = Number(request.header('content-length')) || 0;
    if (declared > maxBytes + formBytes) throw tooLarge(maxBytes);
    this.#underWay += 1;
    try {
      return await models.receive((staging) => this.#fill(staging, request, declared));
    } catch (error) {
      log.info({ reason: error instanceof Error ? error.message : error }, 'model refused');
      throw storageFault(error) ?? error;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #fill({ modelPath, labelsPath, claim }: Staging, request: Request, declared: number): Promise<void> {
    const { maxBytes, space } = this.#options;
    const limits = (most: number): FileLimits => ({
      maxBytes: most,
      space,
      identify: () => 'application/octet-stream',
    });
    const model = new IncomingFile(modelPath, limits(maxBytes));
    const labels = new IncomingFile(labelsPath, limits(labelBytes));
    const take = {
      file: async (stream: Readable, fileName: string) => {
        claim(modelName(fileName));
        await model.open(declared);
        await model.take(stream);
        await model.finish();
      },
      labels: async (stream: Readable) => {
        await labels.open(0);
        await labels.take(stream);
        await labels.finish();
      },
    };
    try {
      const names = await readForm(request, take);
      if (!names.has('file')) throw new Unprocessable([missing('body', 'file')]);
    } finally {
      await model.close();
      await labels.close();
    }
  }
}

/** A name for the file that the appliance keeps, from the one that it had where it came from. Throws 'model-refused'. */
function modelName(fileName: string): string {
  const shown = shownName(fileName);
  if (!/[.]onnx$/i.test(shown)) {
    throw new Fault('model-refused', `"${shown}" is no ONNX file by its name. Models end in .onnx.`);
  }
  const name = shown.slice(0, -'.onnx'.length).replace(/[^\w.-]+/g, '-');
  return name.replace(/^[.-]+/, '').slice(0, 100) || 'model';
}

type Take = Readonly<Record<'file' | 'labels', (stream: Readable, fileName: string) => Promise<void>>>;

/** Hands each file to whoever takes its field; says which fields there were. */
async function readForm({ header, body, signal }: Request, take: Take): Promise<ReadonlySet<string>> {
  const form = openForm(header('content-type'), formLimits);
  const stop = new AbortController();
  const either = AbortSignal.any([stop.signal, signal]);
  const kept = new Map<string, Promise<void>>();
  form.on('file', (field, stream: Readable, fileName: string | undefined) => {
    // The form tells its end of the file too, even after the file was given up; the pipeline below reports it.
    stream.on('error', () => undefined);
    // A file that is not read holds up the form for good.
    if (field !== 'file' && field !== 'labels') return void stream.resume();
    const taking = kept.has(field)
      ? Promise.reject(new Fault('malformed-request', `The form has more than one field "${field}".`))
      : take[field](addAbortSignal(either, stream), fileName ?? '');
    kept.set(field, taking);
    taking.catch((error: unknown) => stop.abort(error));
  });
  try {
    await pipeline(body, form, { signal: either });
    await Promise.all(kept.values());
  } catch (error) {
    // A body that fails in the midst of a file leaves the file waiting for the rest; the first reason stays.
    stop.abort(error);
    await Promise.allSettled(kept.values());
    const cause: unknown = stop.signal.reason;
    // Of the disk, of the sender, or said already; what is left is the form's own.
    const isTold = cause instanceof Fault || cause instanceof Unprocessable || signal.aborted;
    if (isTold || (cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new Fault('malformed-request', 'The form is damaged or ends early', { cause });
  }
  return new Set(kept.keys());
}
