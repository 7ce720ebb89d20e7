// An ONNX Runtime session in a thread of its own, as the worker's main thread sees it.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Slot } from './heads/head.ts';
import type { Answer, Ask, Feed, Opening, PictureFeed } from './session-thread.ts';

type Settle = { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void };

type Ran = Extract<Answer, { type: 'ran' }>;

/** Every method rejects with what ONNX Runtime said, as an Error. */
export class Session {
  readonly #thread: Worker;
  readonly #waiting: Settle[] = [];
  #inputs: readonly Slot[] = [];
  /** Why nothing is answered any more. */
  #ended: Error | null = null;

  private constructor(opening: Opening) {
    this.#thread = startThread(opening);
    this.#thread.on('message', (answer: Answer) => this.#waiting.shift()?.resolve(answer));
    this.#thread.on('error', (error) => this.#end(error));
    this.#thread.on('exit', () => this.#end(new Error('the session is closed')));
    // It waits for work as long as the worker does, and keeps nobody from leaving.
    this.#thread.unref();
  }

  static async open(opening: Opening): Promise<Session> {
    const session = new Session(opening);
    try {
      const opened = await session.#answer('opened');
      session.#inputs = opened.inputs;
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get inputs(): readonly Slot[] {
    return this.#inputs;
  }

  /** What goes in from now on: the picture's own numbers come with each run. */
  async feed(picture: PictureFeed | null, others: readonly Feed[]): Promise<void> {
    this.#thread.postMessage({ type: 'feed', picture, others } satisfies Ask);
    await this.#answer('fed');
  }

  /** Moves `pixels` to the thread and back again. `times`: of the same run; the outputs are those of the last one. */
  async run(pixels: ArrayBuffer | null, times = 1): Promise<Ran> {
    this.#thread.postMessage({ type: 'run', pixels, times } satisfies Ask, pixels ? [pixels] : []);
    return this.#answer('ran');
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  async #answer<T extends Answer['type']>(expected: T): Promise<Extract<Answer, { type: T }>> {
    if (this.#ended) throw this.#ended;
    this.#thread.ref();
    const answer = await new Promise<Answer>((resolve, reject) => this.#waiting.push({ resolve, reject })).finally(
      () => {
        if (this.#waiting.length === 0) this.#thread.unref();
      },
    );
    if (isA(answer, expected)) return answer;
    throw new Error(answer.type === 'failed' ? answer.message : `the session answered ${answer.type}, not ${expected}`);
  }
}

function startThread(workerData: Opening): Worker {
  const extension = extname(import.meta.url);
  const entry = new URL(`./session-thread${extension}`, import.meta.url);
  if (extension !== '.ts') return new Worker(entry, { workerData });
  // Node hands what compiles the sources on to processes, and not to threads.
  const [compiler, module] = [import.meta.resolve('tsx/esm/api'), entry.href].map((url) => JSON.stringify(url));
  const source = `import(${compiler}).then((tsx) => { tsx.register(); return import(${module}); });`;
  return new Worker(source, { workerData, eval: true });
}

function isA<T extends Answer['type']>(answer: Answer, type: T): answer is Extract<Answer, { type: T }> {
  return answer.type === type;
}
