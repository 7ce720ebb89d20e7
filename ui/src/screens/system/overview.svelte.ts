// What the system screen knows: asked for once, and again whenever the appliance says that something changed.
import type { Addresses, BackupView, HealthPart } from '../../../../appliance/contract/system-api.ts';
import type { Kiosk } from '../../kiosk.ts';
import { Refusal } from '../../wire/requests.ts';
import { sentenceOf } from '../../words/refusals.ts';

type Parts = Pick<Kiosk, 'appliance' | 'language' | 'operator' | 'pushed' | 'question'>;

export class Overview {
  /** Null until they are known. */
  health: readonly HealthPart[] | null = $state.raw(null);
  addresses: Addresses | null = $state.raw(null);
  backups: readonly BackupView[] | null = $state.raw(null);
  /** Why something could not be asked or done, as a sentence. */
  problem: string | null = $state(null);
  /** What is under way. */
  doing: 'backup' | 'restart' | null = $state(null);
  /** What was done last, as a sentence. */
  done: string | null = $state(null);

  readonly #kiosk: Parts;
  readonly #closing = new AbortController();

  constructor(kiosk: Parts) {
    this.#kiosk = kiosk;
  }

  /** All of it. */
  async open(): Promise<void> {
    const { appliance, pushed } = this.#kiosk;
    const { signal } = this.#closing;
    [this.problem, this.done] = [null, null];
    await Promise.all([
      this.askHealth(),
      this.#try(async () => (this.addresses = await appliance.addresses(signal))),
      this.#try(async () => (this.backups = (await appliance.backups(signal)).backups)),
      this.#try(async () => pushed.addVitals(...(await appliance.vitals(signal)).samples)),
      this.#try(async () => pushed.addLines(...(await appliance.log(200, signal)).lines)),
    ]);
  }

  async askHealth(): Promise<void> {
    const { appliance } = this.#kiosk;
    await this.#try(async () => (this.health = (await appliance.health(this.#closing.signal)).parts));
  }

  async backUp(): Promise<void> {
    const { appliance, language } = this.#kiosk;
    await this.#do('backup', async () => {
      const { name, bytes } = await appliance.backUp();
      this.done = language.t('system.backed-up', { name, size: language.figures.bytes(bytes) });
      this.backups = (await appliance.backups(this.#closing.signal)).backups;
    });
  }

  async restart(): Promise<void> {
    const { appliance, language, question } = this.#kiosk;
    const { t } = language;
    const asked = { title: t('system.restart-title'), body: t('system.restart-body') };
    if (!(await question.ask({ ...asked, yes: t('system.restart'), no: t('shell.never-mind') }))) return;
    await this.#do('restart', async () => {
      await appliance.restart();
      this.done = t('system.restarting');
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #do(what: 'backup' | 'restart', order: () => Promise<void>): Promise<void> {
    if (this.doing !== null) return;
    [this.doing, this.done, this.problem] = [what, null, null];
    await this.#try(order);
    this.doing = null;
  }

  async #try(order: () => Promise<unknown>): Promise<void> {
    try {
      await order();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      // Who was asked for the PIN and gave none knows why nothing happened.
      if (error.refused.code !== 'pin-required') this.problem = sentenceOf(error.refused, this.#kiosk.language);
    }
  }
}
