// Files on their way to the appliance: one after another, each with its percent, its speed and its end.
import { explain, type Answer } from '../wire/answers.ts';

/** Sends one file. Resolves with the answer (status 0: none came); rejects only when `signal` was aborted. */
export type SendFile = (file: File, onSent: (bytes: number) => void, signal: AbortSignal) => Promise<Answer>;

export type UploadState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly sent: number; readonly bytesPerSecond: number | null }
  | { readonly kind: 'refused'; readonly message: string };

export interface Upload {
  readonly id: number;
  readonly file: File;
  readonly state: UploadState;
}

export interface UploadsOptions {
  readonly send: SendFile;
  /** ms, for the speed. */
  readonly now: () => number;
  /** The appliance took the file. */
  readonly onAccepted?: (file: File) => void;
  readonly onRefused?: (file: File, answer: Answer) => void;
}

/** Speeds are taken over at least so long, so that the figure can be read. */
const speedWindowMs = 1000;

export class Uploads {
  list = $state.raw<readonly Upload[]>([]);

  readonly #options: UploadsOptions;
  #lastId = 0;
  #current: { readonly id: number; readonly abort: AbortController } | null = null;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  add(files: Iterable<File>): void {
    const added = [...files].map((file): Upload => ({ id: ++this.#lastId, file, state: { kind: 'waiting' } }));
    this.list = [...this.list, ...added];
    this.#next();
  }

  /** Takes a file out, whatever it was doing. */
  cancel(id: number): void {
    this.list = this.list.filter((upload) => upload.id !== id);
    if (this.#current?.id === id) this.#current.abort.abort();
  }

  retry(id: number): void {
    this.#set(id, { kind: 'waiting' });
    this.#next();
  }

  close(): void {
    this.list = [];
    this.#current?.abort.abort();
  }

  #next(): void {
    if (this.#current) return;
    const upload = this.list.find(({ state }) => state.kind === 'waiting');
    if (upload) void this.#send(upload);
  }

  async #send({ id, file }: Upload): Promise<void> {
    const { send, now, onAccepted, onRefused } = this.#options;
    const abort = new AbortController();
    this.#current = { id, abort };
    const speed = speedometer(now);
    this.#set(id, { kind: 'sending', sent: 0, bytesPerSecond: null });
    try {
      const answer = await send(
        file,
        (sent) => this.#set(id, { kind: 'sending', sent, bytesPerSecond: speed(sent) }),
        abort.signal,
      );
      if (answer.status >= 200 && answer.status < 300) {
        this.list = this.list.filter((upload) => upload.id !== id);
        onAccepted?.(file);
      } else {
        this.#set(id, { kind: 'refused', message: explain(answer) });
        onRefused?.(file, answer);
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      this.#current = null;
      this.#next();
    }
  }

  #set(id: number, state: UploadState): void {
    this.list = this.list.map((upload) => (upload.id === id ? { ...upload, state } : upload));
  }
}

/** Bytes a second over the last second or more; null until one has passed. */
function speedometer(now: () => number): (sent: number) => number | null {
  let mark = { at: now(), sent: 0 };
  let speed: number | null = null;
  return (sent) => {
    const ms = now() - mark.at;
    if (ms >= speedWindowMs) {
      speed = ((sent - mark.sent) * 1000) / ms;
      mark = { at: now(), sent };
    }
    return speed;
  };
}
