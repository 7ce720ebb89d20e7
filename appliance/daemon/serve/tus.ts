// Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload): between our routes and @tus/server.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { Server, type Upload } from '@tus/server';
import { jobFiles } from '../../contract/frame.ts';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { type Answer, json, text } from './answer.ts';
import type { Assignments, Wish } from './assignment.ts';
import type { Body } from './body.ts';
import { answerTo } from './faults.ts';
import { shownName } from './file-name.ts';
import type { Space } from './incoming-file.ts';
import type { JobDesk } from './job-desk.ts';
import { optionsIn } from './job-options.ts';
import { missing, Unprocessable } from './mistakes.ts';
import { ResumableStore } from './resumable-store.ts';
import type { RawRequest } from './route.ts';
import { storageFault } from './storage-fault.ts';
import { Turns } from './turns.ts';
import type { Uploads } from './upload.ts';

export interface TusOptions {
  readonly desk: JobDesk;
  readonly uploads: Uploads;
  readonly assignments: Assignments;
  /** Takes uploads that are still coming. On the file system of `jobsDir`. */
  readonly folder: string;
  readonly jobsDir: string;
  readonly maxBytes: number;
  readonly space: Space;
  /** How long an upload may stay unfinished. */
  readonly keepMs?: number;
  /** Unfinished uploads. */
  readonly most?: number;
  readonly log: Log;
}

export const tusPath = '/v1/uploads';
const version = '1.0.0';
const sweepMs = 3_600_000;
const forwarded = [
  ...['tus-resumable', 'upload-length', 'upload-offset', 'upload-metadata', 'upload-defer-length', 'upload-concat'],
  ...['content-type', 'content-length'],
];

export class Tus {
  readonly #options: Required<TusOptions>;
  readonly #store: ResumableStore;
  readonly #server: Server;
  /** What a request failed of, where that is ours to tell. */
  readonly #failures = new WeakMap<object, Error>();
  readonly #finishing = new Map<string, Promise<void>>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: TusOptions) {
    this.#options = { keepMs: 24 * 3_600_000, most: 100, ...options };
    const { folder, space, keepMs, desk, log, maxBytes } = this.#options;
    this.#store = new ResumableStore({ folder, space, keepMs, log, taken: (id) => desk.get(id)?.sourceBytes });
    this.#server = new Server({
      path: tusPath,
      datastore: this.#store,
      locker: new Turns(),
      maxSize: maxBytes,
      relativeLocation: true,
      disableTerminationForFinishedUploads: true,
      allowedOrigins: () => false, // the gate says which
      namingFunction: () => randomUUID(),
      onUploadCreate: async (_request, upload) => {
        await this.#admit(upload);
        return {};
      },
      onUploadFinish: async (_request, upload) => {
        await this.#finish(upload);
        return {};
      },
      onResponseError: (request, error) => {
        if (error instanceof Error) this.#failures.set(request, this.#failures.get(request) ?? error);
        return undefined;
      },
    });
  }

  /** Takes up what an earlier daemon left. */
  async open(): Promise<void> {
    // Moved, and the daemon ended before it was a job.
    const unmade = (await this.#store.ids()).filter((id) => !this.#options.desk.get(id));
    for (const id of unmade) await this.#store.moveBack(this.#inputOf(id), id);
    await this.#store.deleteExpired(true);
    await this.#makeJobs();
    this.#sweeping = setInterval(() => {
      const swept = this.#store.deleteExpired().then(() => this.#makeJobs());
      swept.catch((err: unknown) => this.#options.log.error({ err }, 'resumable uploads not swept'));
    }, sweepMs);
  }

  close(): void {
    clearInterval(this.#sweeping);
  }

  /** `id`: of the upload; absent for a new one. */
  async answer(method: 'POST' | 'HEAD' | 'PATCH' | 'DELETE' | 'OPTIONS', raw: Incoming, id?: string): Promise<Answer> {
    const resumable = { 'Tus-Resumable': version };
    if (method !== 'OPTIONS' && raw.header('tus-resumable') !== version) {
      const headers = { ...resumable, 'Tus-Version': version };
      return json({ detail: `Tus-Resumable must be ${version}` }, { status: 412, headers });
    }
    try {
      if (id !== undefined && method === 'HEAD') await this.#finishIfWhole(id);
      const work = () => this.#ask(method, raw, id);
      return await (method === 'PATCH' ? this.#options.uploads.during(work) : work());
    } catch (error) {
      const expected = answerTo(storageFault(error) ?? error);
      if (!expected) throw error;
      return { ...expected, headers: { ...expected.headers, ...resumable } };
    }
  }

  async #ask(method: string, { header, body }: Incoming, id: string | undefined): Promise<Answer> {
    const headers = forwarded
      .filter((name) => header(name) !== '')
      .map((name): [string, string] => [name, header(name)]);
    const url = `http://localhost${tusPath}${id === undefined ? '' : `/${id}`}`;
    const cut: { by?: Fault } = {};
    const chunks = noting(body, (fault) => (cut.by = fault));
    const streamed = method === 'PATCH' ? { body: ReadableStream.from(chunks), duplex: 'half' as const } : {};
    const request = new Request(url, { method, headers, ...streamed });
    const response = await this.#server.handleWeb(request);
    const failure = cut.by ?? this.#failures.get(request);
    if (failure) throw failure;
    return this.#toAnswer(response, id);
  }

  async #toAnswer(response: Response, id: string | undefined): Promise<Answer> {
    const { status } = response;
    const kept = [...response.headers].filter(([name]) => /^(tus|upload|location|cache-control)/.test(name));
    const headers = Object.fromEntries(kept);
    if (status >= 400) return json({ detail: (await response.text()).trim() }, { status, headers });
    const job = id === undefined ? undefined : this.#options.desk.get(id);
    return text('', 'text/plain', { status, headers: job ? { ...headers, 'Vedette-Job-Id': job.id } : headers });
  }

  /** The checks that a submit has before its body. */
  async #admit(upload: Upload): Promise<void> {
    const { desk, assignments, most } = this.#options;
    await assignments.decide(wishOf(upload));
    desk.admit();
    if ((await this.#store.ids()).length < most) return;
    throw new Fault('queue-full', `${most} uploads are unfinished; finish or delete one of them`);
  }

  async #finishIfWhole(id: string): Promise<void> {
    if (this.#options.desk.get(id)) return;
    const upload = await this.#store.getUpload(id).catch(() => undefined); // the answer to the request says it
    if (upload && upload.offset === upload.size) await this.#finish(upload);
  }

  /** Once for each upload, however many ask. Throws as a submit does; an upload that may still become a job stays. */
  async #finish(upload: Upload): Promise<void> {
    const underWay =
      this.#finishing.get(upload.id) ?? this.#makeJob(upload).finally(() => this.#finishing.delete(upload.id));
    this.#finishing.set(upload.id, underWay);
    await underWay;
  }

  async #makeJob(upload: Upload): Promise<void> {
    const { desk, assignments, log } = this.#options;
    const { id } = upload;
    if (desk.get(id)) return;
    // What is asked of a model was checked before the first byte; one that is gone since then is for the job to tell.
    const assignment = assignments.assume(wishOf(upload));
    const sourceType = await this.#store.check(id).catch(async (error: unknown) => {
      if (error instanceof Fault) await this.#store.forget(id);
      throw error;
    });
    desk.admit();
    const input = this.#inputOf(id);
    await this.#store.moveTo(input, id);
    try {
      const source = {
        sourceName: shownName(upload.metadata?.['filename'] ?? ''),
        sourceBytes: upload.offset,
        sourceType,
      };
      desk.create({ id, ...assignment, ...source });
    } catch (error) {
      await this.#store.moveBack(input, id);
      throw error;
    }
    await this.#store.forget(id);
    log.info({ jobId: id, bytes: upload.offset }, 'resumable upload finished');
  }

  #inputOf(id: string): string {
    return join(this.#options.jobsDir, id, jobFiles.input);
  }

  /** Of what came whole when there was no place for it, or no daemon. */
  async #makeJobs(): Promise<void> {
    for (const id of await this.#store.ids()) {
      await this.#finishIfWhole(id).catch((err: unknown) => {
        if (!answerTo(storageFault(err) ?? err)) throw err;
        this.#options.log.warn({ uploadId: id, err }, 'whole upload has not become a job');
      });
    }
  }
}

export interface Incoming extends Pick<RawRequest, 'header'> {
  readonly body: Body;
}

/** The library answers for a body that fails as if another request had taken over. */
async function* noting(body: Body, note: (fault: Fault) => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof Fault) note(error);
    throw error;
  }
}

/** `tool`, and `logical_tool_id` in its place, may name several, with commas between them. Throws Unprocessable. */
function wishOf({ metadata }: Upload): Wish {
  const { plugin_id: plugin, tool, logical_tool_id: capability, pipeline } = metadata ?? {};
  const unnamed = [plugin ? [] : ['plugin_id'], tool || capability || pipeline ? [] : ['tool']].flat();
  if (!plugin || unnamed.length > 0)
    throw new Unprocessable(unnamed.map((name) => missing('header', 'upload-metadata', name)));
  const names = { tools: listed(tool), capabilities: listed(capability) };
  return { plugin, ...names, input: 'video', options: optionsIn(metadata ?? {}) };
}

function listed(text: string | null | undefined): string[] {
  return text ? text.split(',').map((name) => name.trim()) : [];
}
