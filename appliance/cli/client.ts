// The appliance's REST interface, as far as the command line needs it.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ModelList, ModelView } from '../contract/model-api.ts';
import { upload } from './upload.ts';

/** The appliance said no, or said nothing. The message is a sentence for the person at the terminal. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly unreachable: boolean;

  constructor(message: string, options: ErrorOptions & { unreachable?: boolean } = {}) {
    super(message, options);
    this.unreachable = options.unreachable ?? false;
  }
}

const Health = z.object({ status: z.string(), version: z.string() });
export type Health = z.infer<typeof Health>;

/** What is to be done with a video. */
export interface Wish {
  readonly tools: readonly string[];
  readonly pipeline?: string | undefined;
  readonly annotated?: boolean;
}

const Submitted = z.object({ job_id: z.uuid() });
const Detail = z.object({ detail: z.union([z.string(), z.array(z.object({ msg: z.string() }))]) });

/** Long enough for a busy small board, short enough for a person who waits. */
const healthTimeoutMs = 3000;

export class Client {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: { url: string; apiKey: string | undefined }) {
    this.url = options.url;
    this.#headers = options.apiKey === undefined ? {} : { 'x-api-key': options.apiKey };
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** Undefined where nothing, or something else, answers. */
  async health(): Promise<Health | undefined> {
    try {
      const signal = AbortSignal.timeout(healthTimeoutMs);
      const answer = await fetch(`${this.url}/v1/health`, { headers: this.#headers, signal });
      return Health.safeParse(await answer.json()).data;
    } catch {
      // Nobody listens, it is no HTTP, it is too slow or it speaks no JSON: no appliance is there, which is the answer.
      return undefined;
    }
  }

  /** Streams the file to the appliance; `onSent` hears 0..1. Returns the job's id. */
  async submit(
    file: string,
    options: { wish: Wish; signal: AbortSignal; onSent: (share: number) => void },
  ): Promise<string> {
    const { tools, pipeline, annotated } = options.wish;
    const query = new URLSearchParams({ plugin_id: 'yolo-tracker' });
    for (const tool of tools) query.append('tool', tool);
    if (pipeline !== undefined) query.set('pipeline', pipeline);
    if (annotated) query.set('annotated', 'true');
    const answer = await upload({
      url: `${this.url}/v1/video/submit?${query.toString()}`,
      headers: this.#headers,
      file,
      signal: options.signal,
      onSent: options.onSent,
    }).catch((error: unknown) => {
      throw options.signal.aborted ? error : this.#unreachable(error);
    });
    if (answer.status !== 200) throw new Refusal(reasonIn(answer.body, answer.status));
    return Submitted.parse(JSON.parse(answer.body)).job_id;
  }

  async models(): Promise<ModelList> {
    return ModelList.parse(await (await this.#fetch('/v1/models')).json());
  }

  /** Jobs that start from now on run on it. Returns it as it is then. */
  async useModel(name: string): Promise<ModelView> {
    const init = { method: 'PUT', body: JSON.stringify({ name }) };
    return ModelView.parse(await (await this.#fetch('/v1/models/default', init)).json());
  }

  /** Cancels a job that is not finished. */
  async cancel(jobId: string): Promise<void> {
    await this.#fetch(`/v1/jobs/${jobId}`, { method: 'DELETE' });
  }

  /** Streams the whole result to a file, or to stdout for `-`. */
  async saveResult(jobId: string, target: string): Promise<void> {
    const body = await this.#stream(`/v1/jobs/${jobId}/result`);
    const save =
      target === '-' ? pipeline(body, process.stdout, { end: false }) : pipeline(body, createWriteStream(target));
    await save.catch((cause: unknown) => notSaved('result', cause));
  }

  /** Streams the video with boxes drawn on it to a file. */
  async saveAnnotated(jobId: string, target: string): Promise<void> {
    const body = await this.#stream(`/v1/jobs/${jobId}/video?annotated=1`);
    await pipeline(body, createWriteStream(target)).catch((cause: unknown) => notSaved('annotated video', cause));
  }

  async #stream(path: string): Promise<Readable> {
    const answer = await this.#fetch(path);
    if (answer.body === null) throw new Refusal(`${this.url}${path} answered without a body`);
    return Readable.fromWeb(answer.body);
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.url}${path}`, { ...init, headers: this.#headers }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    if (!answer.ok) throw new Refusal(reasonIn(await answer.text(), answer.status));
    return answer;
  }

  #unreachable(cause: unknown): Refusal {
    const why = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause).message : String(cause);
    return new Refusal(`no Vedette answers at ${this.url} (${why}). Start one with: vedette serve`, {
      cause,
      unreachable: true,
    });
  }
}

function notSaved(what: string, cause: unknown): never {
  throw new Refusal(`the ${what} could not be saved: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

function reasonIn(body: string, status: number): string {
  const parsed = Detail.safeParse(parseJson(body));
  if (!parsed.success) return `the appliance answered ${status}`;
  const { detail } = parsed.data;
  return typeof detail === 'string' ? detail : detail.map((part) => part.msg).join('; ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's HTML, for example: the status alone has to do.
    return undefined;
  }
}
