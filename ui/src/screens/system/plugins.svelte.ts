// The plugins as they fare: asked for when something happened, and loaded anew where an operator wants it.
import type { PluginView } from '../../../../appliance/contract/plugin-api.ts';
import type { Kiosk } from '../../kiosk.ts';
import { Refusal } from '../../wire/requests.ts';
import { sentenceOf } from '../../words/refusals.ts';

export class Plugins {
  /** Null until they are known. */
  list: readonly PluginView[] | null = $state.raw(null);
  /** Why something could not be asked or done, as a sentence. */
  problem: string | null = $state(null);
  /** What was done last, as a sentence. */
  done: string | null = $state(null);
  /** The one that is being loaded. */
  loading: string | null = $state(null);

  readonly #kiosk: Pick<Kiosk, 'appliance' | 'language'>;
  #asking = new AbortController();

  constructor(kiosk: Pick<Kiosk, 'appliance' | 'language'>) {
    this.#kiosk = kiosk;
  }

  /** The answer to a question that was overtaken by another is not used. */
  async ask(): Promise<void> {
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    await this.#try(async () => {
      const list = await this.#kiosk.appliance.plugins(signal);
      if (!signal.aborted) this.list = list;
    }, signal);
  }

  async reload(name: string): Promise<void> {
    if (this.loading !== null) return;
    const { appliance, language } = this.#kiosk;
    [this.loading, this.done, this.problem] = [name, null, null];
    await this.#try(async () => {
      const view = await appliance.reloadPlugin(name);
      this.list = (this.list ?? []).map((one) => (one.name === name ? view : one));
      if (view.state !== 'broken') this.done = language.t('system.plugin-reloaded', { name: view.name });
    });
    this.loading = null;
  }

  close(): void {
    this.#asking.abort();
  }

  async #try(order: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await order();
      this.problem = null;
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      // Who was asked for the PIN and gave none knows why nothing happened.
      if (error.refused.code !== 'pin-required') this.problem = sentenceOf(error.refused, this.#kiosk.language);
    }
  }
}
