// Pictures of a running job while push is down: asked for one by one.
import { Refusal } from '../../wire/requests.ts';

export interface StillsOptions {
  readonly download: (path: string) => Promise<Blob>;
  /** Pause between two questions, in ms. */
  readonly everyMs?: number;
}

export class Stills {
  /** The newest, and the job that it is of. */
  newest: { readonly jobId: string; readonly picture: Blob } | null = $state.raw(null);

  readonly #download: StillsOptions['download'];
  readonly #everyMs: number;

  constructor({ download, everyMs = 2000 }: StillsOptions) {
    this.#download = download;
    this.#everyMs = everyMs;
  }

  /** Asks until the function that it returns is called. */
  watch(jobId: string): () => void {
    let watching = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      const picture = await this.#ask(jobId);
      if (!watching) return;
      if (picture) this.newest = { jobId, picture };
      timer = setTimeout(() => void ask(), this.#everyMs);
    };
    void ask();
    return () => {
      watching = false;
      clearTimeout(timer);
    };
  }

  async #ask(jobId: string): Promise<Blob | null> {
    try {
      return await this.#download(`/v1/jobs/${jobId}/preview`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null; // none yet, or nobody answers, which the header says: it is asked again
    }
  }
}
