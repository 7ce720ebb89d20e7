// The webhooks and the messages that were given up: asked for when something happened, and what an operator orders.
import type { DeadMessage, WebhookView } from '../../../../appliance/contract/webhook-api.ts';
import type { Kiosk } from '../../kiosk.ts';
import { Refusal } from '../../wire/requests.ts';
import { sentenceOf } from '../../words/refusals.ts';

type Parts = Pick<Kiosk, 'appliance' | 'language' | 'question'>;

export class Webhooks {
  /** Empty until they are known, and where there are none. */
  list: readonly WebhookView[] = $state.raw([]);
  /** Newest first, at most 100. */
  dead: readonly DeadMessage[] = $state.raw([]);
  /** Why something could not be asked or done, as a sentence. */
  problem: string | null = $state(null);
  /** What was done last, as a sentence. */
  done: string | null = $state(null);
  /** An order is under way. */
  busy = $state(false);

  readonly #kiosk: Parts;
  #asking = new AbortController();

  constructor(kiosk: Parts) {
    this.#kiosk = kiosk;
  }

  /** The answer to a question that was overtaken by another is not used. */
  async ask(): Promise<void> {
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    const { appliance } = this.#kiosk;
    await this.#try(async () => {
      const list = await appliance.webhooks(signal);
      const dead = list.some((one) => one.dead > 0) ? await appliance.deadMessages(signal) : [];
      if (!signal.aborted) [this.list, this.dead] = [list, dead];
    }, signal);
  }

  /** Goes on to the next where one is gone already. */
  async sendAgain(messages: readonly DeadMessage[]): Promise<void> {
    const { appliance, language } = this.#kiosk;
    await this.#order(
      messages,
      (id) => appliance.retryMessage(id),
      (count) => language.t('system.messages-sent', { count }),
    );
  }

  async forget(messages: readonly DeadMessage[]): Promise<void> {
    const { appliance, language, question } = this.#kiosk;
    const { t } = language;
    const asked = {
      title: t('system.forget-title', { count: messages.length }),
      body: t('system.forget-body'),
      yes: t('system.forget'),
      no: t('shell.keep'),
    };
    if (!(await question.ask(asked))) return;
    await this.#order(
      messages,
      (id) => appliance.forgetMessage(id),
      (count) => t('system.messages-forgotten', { count }),
    );
  }

  close(): void {
    this.#asking.abort();
  }

  async #order(
    messages: readonly DeadMessage[],
    act: (id: string) => Promise<void>,
    said: (count: number) => string,
  ): Promise<void> {
    if (this.busy) return;
    [this.busy, this.problem, this.done] = [true, null, null];
    let count = 0;
    await this.#try(async () => {
      for (const { id } of messages) {
        await act(id).catch(unlessGone);
        count += 1;
      }
    });
    this.busy = false;
    if (count > 0) this.done = said(count);
    const { problem } = this;
    await this.ask();
    this.problem ??= problem;
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

/** Another screen was faster. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal) || error.refused.code !== 'webhook-message-not-found') throw error;
}
