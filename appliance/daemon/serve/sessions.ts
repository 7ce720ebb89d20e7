// Sessions of browsers: a random token stands for the key that was shown once. In memory alone: a restart ends them.
import { createHash, randomBytes } from 'node:crypto';

export interface SessionsOptions {
  /** Of which the one that was not used for the longest goes. */
  readonly most?: number;
  /** Since its last use. */
  readonly idleMs?: number;
  /** ms; only its differences count. */
  readonly now?: () => number;
}

export class Sessions {
  readonly #options: Required<SessionsOptions>;
  /** When each was last used, by the hash of its token; the longest unused first. */
  readonly #used = new Map<string, number>();

  constructor(options: SessionsOptions = {}) {
    this.#options = { most: 200, idleMs: 24 * 3_600_000, now: () => performance.now(), ...options };
  }

  /** Its token, which is kept nowhere here. */
  begin(): string {
    const { most, now } = this.#options;
    const token = randomBytes(32).toString('base64url');
    this.#used.set(hashOf(token), now());
    for (const oldest of this.#used.keys()) {
      if (this.#used.size <= most) break;
      this.#used.delete(oldest);
    }
    return token;
  }

  /** True for one that goes on; that it was asked for is a use of it. */
  holds(token: string): boolean {
    if (token === '') return false;
    const { idleMs, now } = this.#options;
    const hash = hashOf(token);
    const used = this.#used.get(hash);
    if (used === undefined) return false;
    this.#used.delete(hash);
    if (now() - used > idleMs) return false;
    this.#used.set(hash, now());
    return true;
  }

  end(token: string): void {
    this.#used.delete(hashOf(token));
  }
}

/** Looked up by its hash, a token is told by no difference in time. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
