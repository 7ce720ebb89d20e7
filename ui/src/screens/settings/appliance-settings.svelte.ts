// The appliance's own settings as the screen shows and changes them, one at a time.
import type { SettingsView, SettingValue, SettingView } from '../../../../appliance/contract/settings-api.ts';
import type { Kiosk } from '../../kiosk.ts';
import { Refusal } from '../../wire/requests.ts';
import { sentenceOf } from '../../words/refusals.ts';

export class ApplianceSettings {
  /** Null until they are known. */
  list: readonly SettingView[] | null = $state.raw(null);
  /** True where a PIN is set. */
  pin = $state(false);
  /** Why something failed, as a sentence, and of which setting; key null: of all. */
  problem: { readonly key: string | null; readonly sentence: string } | null = $state.raw(null);
  /** Of the setting that is being changed, or `pin`. */
  saving: string | null = $state(null);
  /** Of the one that was changed last, or `pin`. */
  saved: string | null = $state(null);
  /** Something that is set holds only after a restart. */
  readonly restartNeeded: boolean = $derived(this.list?.some(({ pending }) => pending) ?? false);

  readonly #kiosk: Pick<Kiosk, 'appliance' | 'language'>;
  readonly #closing = new AbortController();

  constructor(kiosk: Pick<Kiosk, 'appliance' | 'language'>) {
    this.#kiosk = kiosk;
  }

  async open(): Promise<void> {
    await this.#try(null, async () => this.#show(await this.#kiosk.appliance.settings(this.#closing.signal)));
  }

  async set(key: string, value: SettingValue): Promise<void> {
    await this.#try(key, async () => this.#show(await this.#kiosk.appliance.changeSettings({ set: { [key]: value } })));
  }

  /** What the file or the default says holds again. */
  async reset(key: string): Promise<void> {
    await this.#try(key, async () => this.#show(await this.#kiosk.appliance.changeSettings({ reset: [key] })));
  }

  /** Null takes it away. True where it was done. */
  setPin(pin: string | null, current: string | null): Promise<boolean> {
    return this.#try('pin', async () => {
      await this.#kiosk.appliance.setPin(pin, current);
      this.pin = pin !== null;
    });
  }

  close(): void {
    this.#closing.abort();
  }

  #show({ settings, pin }: SettingsView): void {
    this.list = settings;
    this.pin = pin;
  }

  async #try(key: string | null, order: () => Promise<unknown>): Promise<boolean> {
    [this.problem, this.saving, this.saved] = [null, key, null];
    try {
      await order();
      this.saved = key;
      return true;
    } catch (error) {
      if (this.#closing.signal.aborted) return false;
      if (!(error instanceof Refusal)) throw error;
      if (error.refused.code !== 'pin-required' || key === 'pin') {
        this.problem = { key, sentence: sentenceOf(error.refused, this.#kiosk.language) };
      }
      return false;
    } finally {
      this.saving = null;
    }
  }
}
