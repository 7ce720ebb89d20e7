// What a model would find in one moment of a chosen file: drawn by the browser, looked at by the appliance.
import type { ModelSight } from '../../../../appliance/contract/model-api.ts';
import type { Chosen } from '../../state/intake.svelte.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';
import type { FrameSource } from './frame-source.ts';

export interface PreviewOptions {
  readonly open: (file: File, kind: Chosen['kind']) => Promise<FrameSource>;
  /** Throws Refusal. */
  readonly check: (model: string, picture: Blob, signal: AbortSignal) => Promise<ModelSight>;
  /** Before a moment is looked at: a finger on the slider passes over many, in ms. */
  readonly restMs?: number;
}

/** `unknown`: this browser cannot decode the file; the appliance may. */
export type PreviewState = 'none' | 'opening' | 'unknown' | 'looking' | 'seen' | 'refused';

export class Preview {
  state: PreviewState = $state('none');
  /** The moment that is shown. */
  frame: HTMLCanvasElement | null = $state.raw(null);
  /** Of `frame`; null until it was looked at. */
  sight: ModelSight | null = $state.raw(null);
  refused: Refused | null = $state.raw(null);
  durationS = $state(0);
  momentS = $state(0);

  readonly #options: PreviewOptions;
  #source: FrameSource | null = null;
  #file: File | null = null;
  #model: string | null = null;
  #looking = new AbortController();

  constructor(options: PreviewOptions) {
    this.#options = options;
  }

  /** Of the file with that model; nothing where there is none. */
  async show(chosen: Chosen | null, model: string | null): Promise<void> {
    if (chosen?.file === this.#file) {
      if (model === this.#model) return;
      this.#model = model;
      return this.#look(0);
    }
    this.close();
    this.#model = model;
    if (!chosen) return;
    this.#file = chosen.file;
    this.state = 'opening';
    try {
      const source = await this.#options.open(chosen.file, chosen.kind);
      if (this.#file !== chosen.file) return source.close();
      this.#source = source;
    } catch {
      // The browser says no more than that; the appliance decodes more than any browser.
      if (this.#file === chosen.file) this.state = 'unknown';
      return;
    }
    this.durationS = this.#source.durationS;
    // Most videos begin with nothing much to see.
    this.momentS = this.durationS / 3;
    await this.#look(0);
  }

  moveTo(seconds: number): void {
    this.momentS = seconds;
    void this.#look(this.#options.restMs ?? 200);
  }

  again(): void {
    void this.#look(0);
  }

  close(): void {
    this.#looking.abort();
    this.#source?.close();
    this.#source = this.#file = this.frame = this.sight = this.refused = null;
    this.durationS = this.momentS = 0;
    this.state = 'none';
  }

  async #look(restMs: number): Promise<void> {
    this.#looking.abort();
    const looking = (this.#looking = new AbortController());
    const { signal } = looking;
    const ended = (): boolean => signal.aborted;
    const [source, model] = [this.#source, this.#model];
    if (!source) return;
    this.state = 'looking';
    this.refused = null;
    try {
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
      if (ended()) return;
      const frame = await source.drawAt(this.momentS);
      if (ended()) return;
      this.frame = frame;
      this.sight = null;
      if (model === null) {
        this.state = 'seen';
        return;
      }
      const picture = await new Promise<Blob | null>((resolve) => frame.toBlob(resolve, 'image/jpeg', 0.9));
      if (ended()) return;
      if (picture === null) throw new Error('this browser makes no JPEG of it');
      this.sight = await this.#options.check(model, picture, signal);
      this.state = 'seen';
    } catch (error) {
      if (ended()) return;
      this.state = error instanceof Refusal ? 'refused' : 'unknown';
      this.refused = error instanceof Refusal ? error.refused : null;
    }
  }
}
