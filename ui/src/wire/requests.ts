// Requests to the appliance, with the key and the operator's PIN where they are needed; what is not answered is a Refusal.
import type { Access } from '../state/access.svelte.ts';
import type { Operator } from '../state/operator.svelte.ts';
import { noAnswer, type Refused, understand } from './answers.ts';

/** What the appliance refused, or did not answer. `words/refusals.ts` makes a sentence of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly refused: Refused;

  constructor(refused: Refused, options?: ErrorOptions) {
    super(refused.detail ?? `status ${refused.status}`, options);
    this.refused = refused;
  }

  get status(): number {
    return this.refused.status;
  }
}

/** Every method throws Refusal. */
export class Requests {
  readonly #origin: string;
  readonly #access: Access;
  readonly #operator: Operator;

  /** `origin` such as `http://box:8000`, without a slash at its end. */
  constructor(origin: string, access: Access, operator: Operator) {
    this.#origin = origin;
    this.#access = access;
    this.#operator = operator;
  }

  json<T>(path: string, init: RequestInit): Promise<T> {
    return this.read(path, init, async (answer) => (await answer.json()) as T);
  }

  /** An answer that breaks off is none. */
  async read<T>(path: string, init: RequestInit, read: (answer: Response) => Promise<T>): Promise<T> {
    const answer = await this.ask(path, init);
    try {
      return await read(answer);
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw new Refusal(noAnswer, { cause });
    }
  }

  async ask(path: string, init: RequestInit, { asksPin = true } = {}): Promise<Response> {
    for (;;) {
      const answer = await this.#fetch(path, init);
      if (answer.ok) return answer;
      const { status, headers } = answer;
      const refused = understand({
        status,
        text: await answer.text().catch(() => ''),
        header: (name) => headers.get(name),
      });
      if (status === 401) this.#access.refuse();
      // Asked until it is right, or given up by the visitor.
      if (refused.code !== 'pin-required' || !asksPin || !(await this.#operator.ask())) throw new Refusal(refused);
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      const operator = init.method === undefined ? {} : this.#operator.headers();
      const headers = {
        ...this.#access.headers(),
        ...operator,
        ...(init.headers as Record<string, string> | undefined),
      };
      return await fetch(this.#origin + path, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw new Refusal(noAnswer, { cause });
    }
  }
}
