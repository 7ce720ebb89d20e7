// A video that lies somewhere on the web: the appliance is told to download it.
import { type Choice, orderFor } from '../../state/choice.ts';
import type { Intake } from '../../state/intake.svelte.ts';
import type { Refused } from '../../wire/answers.ts';
import type { Appliance } from '../../wire/appliance.ts';
import { urlSent } from '../../wire/job-words.ts';
import { Refusal } from '../../wire/requests.ts';

export interface FromAddressOptions {
  readonly appliance: Pick<Appliance, 'submitUrl'>;
  readonly intake: Pick<Intake, 'noteFetched'>;
}

/** Refused here already: nothing has to be asked for that. The words are the appliance's own. */
const notWeb: Refused = {
  status: 400,
  code: 'source-url-refused',
  detail: 'The URL is refused: only http and https are downloaded from.',
  retryAfterS: null,
};

export class FromAddress {
  refused: Refused | null = $state.raw(null);
  /** It is being ordered. */
  ordering = $state(false);

  readonly #options: FromAddressOptions;
  /** An answer that was lost makes no second job of the same request. */
  #key = { of: '', key: '' };

  constructor(options: FromAddressOptions) {
    this.#options = options;
  }

  /** True where it is a job now. */
  async order(address: string, choice: Choice): Promise<boolean> {
    if (this.ordering) return false;
    const url = address.trim();
    this.refused = /^https?:\/\//i.test(url) ? null : notWeb;
    if (this.refused) return false;
    this.ordering = true;
    try {
      const request = urlSent(url, orderFor('video', choice));
      const jobId = await this.#options.appliance.submitUrl(request, this.#keyOf(JSON.stringify(request)));
      this.#options.intake.noteFetched(jobId, nameIn(url));
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refused = error.refused;
      return false;
    } finally {
      this.ordering = false;
    }
  }

  #keyOf(request: string): string {
    if (this.#key.of !== request) {
      // Without HTTPS there is no randomUUID.
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      this.#key = { of: request, key: [...bytes].map((byte) => byte.toString(16)).join('-') };
    }
    return this.#key.key;
  }
}

/** The last part of its path, as the appliance calls it too. */
function nameIn(url: string): string {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split('/').findLast((part) => part !== '') ?? hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a percent sign that stands for itself
  }
}
