// The look at a URL before its job is made: brief, and no burden however many come at once.
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../../contract/fault.ts';
import type { UrlPolicy } from './url-policy.ts';

export interface UrlCheckOptions {
  readonly policy: UrlPolicy;
  /** So long is waited for a name. */
  readonly nameMs?: number;
  /** Each name takes one of the four threads that read files, too. */
  readonly atOnce?: number;
}

export class UrlCheck {
  readonly #options: Required<UrlCheckOptions>;
  #underWay = 0;

  constructor(options: UrlCheckOptions) {
    this.#options = { nameMs: 3000, atOnce: 2, ...options };
  }

  /**
   * Throws Fault 'source-url-refused'. A name that is not known, or not at once, or that comes while enough others are asked
   * for, passes: its job asks again.
   */
  async check(text: string): Promise<URL> {
    const { policy, nameMs, atOnce } = this.#options;
    const url = policy.check(text);
    if (this.#underWay >= atOnce) return url;
    this.#underWay += 1;
    const resolved = policy
      .addressesOf(url)
      .catch((error: unknown) => {
        if (error instanceof Fault) throw error;
        // The name may be known when the job's turn comes.
      })
      .finally(() => (this.#underWay -= 1));
    await Promise.race([resolved, wait(nameMs, undefined, { ref: false })]);
    return url;
  }
}
