// Pictures that a person shows to a model: taken in one form each, looked at one at a time, and gone afterwards.
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jobFiles } from '../../contract/frame.ts';
import type { ModelSight } from '../../contract/model-api.ts';
import { Busy } from './busy.ts';
import { IncomingFile, type Space, tooLarge } from './incoming-file.ts';
import { imageType } from './magic.ts';
import type { RawRequest } from './route.ts';
import { storageFault } from './storage-fault.ts';
import { readForm } from './upload.ts';

export interface ModelSightsOptions {
  /** Workers reach what lies in here. A folder that a killed daemon leaves is of no job, and swept by the next one. */
  readonly jobsDir: string;
  readonly space: Space;
  /** Looks at the picture that lies as `input` in the folder. */
  readonly see: (what: { model: string; folder: string; signal: AbortSignal }) => Promise<ModelSight>;
}

type Request = Pick<RawRequest, 'header' | 'body' | 'signal'>;

const maxBytes = 32 * 1024 * 1024;
/** What a form's boundaries and part headers may add to the file. */
const formBytes = 64 * 1024;
/** One is looked at, the others wait. */
const most = 5;

export class ModelSights {
  readonly #options: ModelSightsOptions;
  #underWay = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ModelSightsOptions) {
    this.#options = options;
  }

  /**
   * Reads the field `file` of a form. Throws Busy, what `see` throws, Fault 'invalid-image', 'upload-too-large',
   * 'disk-full', 'data-not-writable' or 'malformed-request', or Unprocessable where there is not exactly one file.
   */
  async receive(model: string, request: Request): Promise<ModelSight> {
    if (this.#underWay >= most) throw new Busy('Other pictures are being looked at. Try again in a moment.', 5);
    this.#underWay += 1;
    try {
      return await this.#receive(model, request);
    } catch (error) {
      throw storageFault(error) ?? error;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #receive(model: string, request: Request): Promise<ModelSight> {
    const { jobsDir, space, see } = this.#options;
    const declared = Number(request.header('content-length')) || 0;
    if (declared > maxBytes + formBytes) throw tooLarge(maxBytes);
    const folder = join(jobsDir, randomUUID());
    const file = new IncomingFile(join(folder, jobFiles.input), { maxBytes, space, identify: imageType });
    try {
      await mkdir(folder);
      await file.open(declared);
      await readForm(request, file);
      await file.close();
      return await this.#inTurn(() => {
        request.signal.throwIfAborted();
        return see({ model, folder, signal: request.signal });
      });
    } finally {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // told to whoever waits for it
    return turn;
  }
}
