// The operator's PIN: what keeps passers-by at the touchscreen from the functions that are the operator's.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { Busy } from '../serve/busy.ts';
import { hidden, opens, pinFile, readPin, type Secret, writePin } from './pin-file.ts';

export interface OperatorOptions {
  /** The data folder. */
  readonly data: string;
  /** ms; only its differences count. */
  readonly now?: () => number;
  readonly log: Log;
}

/** Wrong ones until it waits; then twice as long after each, whoever tries. */
const mostWrong = 5;
const firstWaitMs = 30_000;
const longestWaitMs = 3_600_000;
/** One that was right is known for so long without being computed again. */
const rememberedMs = 300_000;
/** Of those who wait for the one before them to be computed. */
const mostWaiting = 20;

const needed = "This needs the operator's PIN";
const unreadable =
  "The file of the operator's PIN cannot be read. Whoever manages the appliance removes pin.json from its data folder, restarts it, and sets a new one.";

export class Operator {
  readonly #file: string;
  readonly #now: () => number;
  readonly #log: Log;
  /** Of this start: what is remembered by it is of no use elsewhere. */
  readonly #key = randomBytes(32);
  #secret: Secret | null | 'unreadable' = null;
  #remembered: { readonly mark: Buffer; readonly until: number } | null = null;
  #wrong = 0;
  #closedUntil = -Infinity;
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor({ data, now = () => performance.now(), log }: OperatorOptions) {
    this.#file = pinFile(data);
    this.#now = now;
    this.#log = log;
  }

  /** A file that cannot be read keeps everybody out of these functions, and the appliance from nothing else. */
  static async open(options: OperatorOptions): Promise<Operator> {
    const operator = new Operator(options);
    operator.#secret = await readPin(operator.#file).catch((err: unknown) => {
      options.log.error({ err }, "file of the operator's PIN cannot be read");
      return 'unreadable' as const;
    });
    return operator;
  }

  /** True where a PIN is asked for. */
  get locked(): boolean {
    return this.#secret !== null;
  }

  /** A sentence while the PIN cannot be checked, else null. */
  get complaint(): string | null {
    return this.#secret === 'unreadable' ? unreadable : null;
  }

  /**
   * Throws Fault 'pin-required' where this is not the PIN, and Busy after too many that were not: then the right one is
   * not taken either, or trying would go on as before.
   */
  async unlock(pin: string | undefined): Promise<void> {
    if (this.#secret === null) return;
    if (pin === undefined || pin === '') throw new Fault('pin-required', this.complaint ?? needed);
    this.#checkWait();
    if (this.#isRemembered(pin)) return;
    await this.#inTurn(() => this.#try(pin));
  }

  /** Null: none is asked for from now on. `current` as in `unlock`, where one is set. */
  async change(pin: string | null, current: string | undefined): Promise<void> {
    await this.unlock(current);
    await this.#inTurn(async () => {
      const secret = pin === null ? null : await hidden(pin);
      await writePin(this.#file, secret);
      this.#secret = secret;
      this.#remembered = null;
      this.#log.info({ set: pin !== null }, "operator's PIN changed");
    });
  }

  /** One after the other, so that no try begins before the one before it has counted. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#waiting >= mostWaiting) throw new Busy('The PIN is being tried by others. Try again in a moment.', 5);
    this.#waiting += 1;
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined); // told to whoever waits for it
    try {
      await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #try(pin: string): Promise<void> {
    const secret = this.#secret;
    if (secret === null) return;
    this.#checkWait();
    if (secret === 'unreadable') throw new Fault('pin-required', unreadable);
    if (await opens(pin, secret)) {
      this.#wrong = 0;
      this.#remembered = { mark: this.#markOf(pin), until: this.#now() + rememberedMs };
      return;
    }
    this.#wrong += 1;
    if (this.#wrong >= mostWrong) {
      const wait = Math.min(firstWaitMs * 2 ** (this.#wrong - mostWrong), longestWaitMs);
      this.#closedUntil = this.#now() + wait;
      this.#log.warn({ tries: this.#wrong, ms: wait }, "wrong PIN; the operator's functions are closed for a while");
    }
    throw new Fault('pin-required', 'This is not the PIN');
  }

  #checkWait(): void {
    const left = Math.ceil((this.#closedUntil - this.#now()) / 1000);
    if (left > 0) throw new Busy(`Too many wrong PINs. Try again in ${left} seconds.`, left);
  }

  #isRemembered(pin: string): boolean {
    const known = this.#remembered;
    return known !== null && this.#now() < known.until && timingSafeEqual(known.mark, this.#markOf(pin));
  }

  #markOf(pin: string): Buffer {
    return createHmac('sha256', this.#key).update(pin).digest();
  }
}
