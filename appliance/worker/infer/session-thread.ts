// A thread that owns one ONNX Runtime session: an inference blocks this thread, and not the one that decodes and writes.
import { parentPort, workerData } from 'node:worker_threads';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Outputs, Slot } from './heads/head.ts';
import { loadRuntime, type Runtime } from './runtime.ts';

export interface Opening {
  /** Package folder of ONNX Runtime. */
  readonly folder: string;
  readonly model: string | Uint8Array;
  readonly options: InferenceSession.SessionOptions;
}

/** An input whose numbers are the same for all runs. */
export interface Feed {
  readonly name: string;
  readonly type: 'float32' | 'int64';
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** The input that each run brings. */
export interface PictureFeed {
  readonly name: string;
  readonly type: 'float32' | 'uint8';
  readonly dims: readonly number[];
}

/** Answered in the order in which they are asked. */
export type Ask =
  | { readonly type: 'feed'; readonly picture: PictureFeed | null; readonly others: readonly Feed[] }
  /** `pixels` are moved here, and moved back with the answer to the last of so many runs. */
  | { readonly type: 'run'; readonly pixels: ArrayBuffer | null; readonly times: number };

export type Answer =
  | { readonly type: 'opened'; readonly inputs: readonly Slot[] }
  | { readonly type: 'fed' }
  | { readonly type: 'ran'; readonly outputs: Outputs; readonly pixels: ArrayBuffer | null }
  | { readonly type: 'failed'; readonly message: string };

class SessionThread {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  #picture: PictureFeed | null = null;
  #others: Readonly<Record<string, Tensor>> = {};

  constructor(runtime: Runtime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
  }

  async answer(ask: Ask): Promise<Answer> {
    if (ask.type === 'run') {
      const feeds = { ...this.#others, ...this.#tensorOf(ask.pixels) };
      let outputs = await this.#session.run(feeds);
      for (let run = 1; run < ask.times; run++) outputs = await this.#session.run(feeds);
      const read = Object.entries(outputs).map(([name, tensor]) => [name, numbersOf(tensor)] as const);
      return { type: 'ran', outputs: Object.fromEntries(read), pixels: ask.pixels };
    }
    const { Tensor } = this.#runtime;
    this.#picture = ask.picture;
    this.#others = Object.fromEntries(
      ask.others.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]),
    );
    return { type: 'fed' };
  }

  /** Where they lie: nothing is copied. */
  #tensorOf(pixels: ArrayBuffer | null): Readonly<Record<string, Tensor>> {
    if (this.#picture === null || pixels === null) return {};
    const { name, type, dims } = this.#picture;
    const data = type === 'uint8' ? new Uint8Array(pixels) : new Float32Array(pixels);
    return { [name]: new this.#runtime.Tensor(type, data, dims) };
  }
}

function numbersOf({ dims, data, type }: Tensor): Outputs[string] {
  if (data instanceof Float32Array) return { dims, data };
  if (/^(u?int(8|16|32|64)|bool)$/.test(type)) return { dims, data: Array.from(data as ArrayLike<unknown>, Number) };
  throw new Error(`it has an output of ${type}`);
}

function slotsOf(session: InferenceSession): Slot[] {
  return session.inputMetadata.map((input) => ({
    name: input.name,
    type: input.isTensor ? input.type : 'no tensor',
    shape: input.isTensor ? input.shape : [],
  }));
}

async function open(): Promise<void> {
  const { folder, model, options } = workerData as Opening;
  const runtime = loadRuntime(folder);
  const { InferenceSession } = runtime;
  const session = await (typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options));
  const thread = new SessionThread(runtime, session);
  let last: Promise<void> = Promise.resolve();
  parentPort?.on('message', (ask: Ask) => {
    // One after the other: the next one's picture must not overwrite the one that is looked at.
    last = last.then(() => thread.answer(ask)).then(say, fail);
  });
  say({ type: 'opened', inputs: slotsOf(session) });
}

function say(answer: Answer): void {
  const moved: ArrayBuffer[] = [];
  if (answer.type === 'ran') {
    if (answer.pixels) moved.push(answer.pixels);
    for (const { data } of Object.values(answer.outputs)) {
      if (data instanceof Float32Array && data.buffer instanceof ArrayBuffer) moved.push(data.buffer);
    }
  }
  parentPort?.postMessage(answer, moved);
}

function fail(error: unknown): void {
  say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}

void open().catch(fail);
