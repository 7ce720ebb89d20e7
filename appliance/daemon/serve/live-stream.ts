// One live stream of pictures: one is looked at, two wait, and of more the oldest are left out. Knows no transport.
import { Fault } from '../../contract/fault.ts';
import type { Looker } from '../jobs/looker.ts';

/** A picture as a client sent it, with what is to be done with it. */
export interface StreamFrame {
  readonly frameId: string | number | null;
  readonly pluginId: string;
  readonly tools: readonly [string, ...string[]];
  /** Base64. */
  readonly picture: Buffer;
}

export interface LiveStreamOptions {
  /** The stream's own. */
  readonly id: string;
  readonly looker: Pick<Looker, 'look' | 'forget'>;
  readonly onResult: (frame: StreamFrame, payload: ResultPayload) => void;
  readonly onFault: (frame: StreamFrame, fault: Fault) => void;
  /** Anything but a Fault. */
  readonly onBug: (error: unknown) => void;
}

/** Beside these, what each tool says stands under its id. */
interface ResultPayload {
  readonly frame_id: string | number | null;
  readonly plugin: string;
  /** Pictures of this stream that were looked at before. */
  readonly frame_index: number;
  /** Seconds since the stream's first picture. */
  readonly pts_s: number;
  readonly width: number;
  readonly height: number;
  readonly processing_ms: number;
  /** Pictures that were left out since the last answer. */
  readonly dropped: number;
  readonly [tool: string]: unknown;
}

const mostWaiting = 2;

export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #closing = new AbortController();
  readonly #waiting: { readonly frame: StreamFrame; readonly cameAt: number }[] = [];
  #began: number | null = null;
  #busy = false;
  #dropped = 0;
  #done = 0;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  take(frame: StreamFrame): void {
    const cameAt = performance.now();
    this.#began ??= cameAt;
    this.#waiting.push({ frame, cameAt });
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (!this.#busy) void this.#work();
  }

  close(): void {
    this.#waiting.length = 0;
    this.#closing.abort();
    this.#options.looker.forget(this.#options.id);
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      await this.#look(next.frame, (next.cameAt - (this.#began ?? 0)) / 1000);
    }
    this.#busy = false;
  }

  async #look(frame: StreamFrame, since: number): Promise<void> {
    const { id, looker, onResult, onFault, onBug } = this.#options;
    const { signal } = this.#closing;
    const { frameId, pluginId, tools, picture } = frame;
    const ptsS = Math.round(since * 1e6) / 1e6;
    try {
      const what = { stream: id, pluginId, tools: [...tools] as [string, ...string[]], ptsS };
      const { width, height, outputs, ms } = await looker.look({ ...what, picture, form: 'text', signal });
      if (signal.aborted) return;
      const about = { frame_id: frameId, plugin: pluginId, frame_index: this.#done++, pts_s: ptsS, width, height };
      const cost = { processing_ms: Math.round(ms * 10) / 10, dropped: this.#dropped };
      this.#dropped = 0;
      onResult(frame, { ...outputs, ...about, ...cost });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Fault) onFault(frame, error);
      else onBug(error);
    }
  }
}
