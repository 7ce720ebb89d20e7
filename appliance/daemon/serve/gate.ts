// Who may come in: the rules for the Host, Origin, API key and session of requests and sockets alike.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../contract/fault.ts';
import { exposedHeaders } from './cors.ts';

export interface GateOptions {
  /** SHA-256 of each key that is accepted, in hex. With none no key is asked for. */
  readonly keyHashes: readonly string[];
  /** Said by the operator: anyone who reaches the address may come in. */
  readonly open: boolean;
  /** Origins of other sites whose pages may call, such as `https://board.lan`. */
  readonly allowedOrigins: readonly string[];
  /** True while only this machine can reach the address. */
  readonly loopback: boolean;
  /** Browsers that have shown their key. None unless told. */
  readonly sessions?: { holds(token: string): boolean };
}

/** Read only where a rule asks for it, since a request reads its headers one by one from the wire. */
export interface Caller {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly key?: string | undefined;
  /** The token in the cookie, which a browser sends by itself, whoever's page asks it to. */
  readonly session?: string | undefined;
  /** The header `Sec-Fetch-Site`: whose page asks, where the browser says so. */
  readonly site?: string | undefined;
}

const noHeaders = {};
const strangerHeaders = { Vary: 'Origin' };
const ownNames = ['localhost', '127.0.0.1', '[::1]'];

export class Gate {
  readonly #hashes: readonly Buffer[];
  readonly #origins: ReadonlySet<string>;
  /** Null where any name may lead here. */
  readonly #hosts: ReadonlySet<string> | null;
  readonly #sessions: GateOptions['sessions'];

  constructor({ keyHashes, open, allowedOrigins, loopback, sessions }: GateOptions) {
    const origins = allowedOrigins.map((origin) => new URL(origin));
    this.#hashes = open ? [] : keyHashes.map((hash) => Buffer.from(hash, 'hex'));
    this.#sessions = sessions;
    this.#origins = new Set(origins.map(({ origin }) => origin));
    // A page elsewhere whose name resolves to 127.0.0.1 (DNS rebinding) has our Origin, but its own name in Host.
    const guarded = loopback && this.#hashes.length === 0;
    this.#hosts = guarded ? new Set([...ownNames, ...origins.map(({ hostname }) => hostname)]) : null;
  }

  /** True where requests need a key. */
  get locked(): boolean {
    return this.#hashes.length > 0;
  }

  /**
   * Throws Fault `not-allowed` or `key-required`. `changes`: the request is not only a question.
   * `free`: the way in is not locked, as for health checks and the kiosk's files.
   */
  check(caller: Caller, { changes, free }: { changes: boolean; free: boolean }): void {
    if (!this.#isOurs(caller)) throw new Fault('not-allowed', 'This host name is not served here');
    if (changes && !this.#maySpeak(caller)) throw new Fault('not-allowed', 'This origin is not allowed');
    if (!free && this.locked && !this.#isKnown(caller)) throw new Fault('key-required', 'A valid API key is required');
  }

  /** For a socket before its key is known. */
  mayOpen(caller: Caller): boolean {
    return this.#isOurs(caller) && this.#maySpeak(caller);
  }

  /** True for a page of another site that may call. */
  isGuest({ origin = '' }: Caller): boolean {
    return this.#origins.has(origin);
  }

  /** For a socket with everything it brought. */
  mayConnect(caller: Caller): boolean {
    return this.mayOpen(caller) && this.#isKnown(caller);
  }

  /**
   * Headers that let a page of an allowed origin read the answer. Never its cookies: those are of our own page alone.
   * What lies between keeps the answers to different origins apart.
   */
  corsHeaders(caller: Caller): Readonly<Record<string, string>> {
    if (this.#origins.size === 0) return noHeaders;
    const { origin = '' } = caller;
    if (!this.#origins.has(origin)) return strangerHeaders;
    return {
      ...strangerHeaders,
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': exposedHeaders,
    };
  }

  /** True for a key that is accepted, and for anything where none is asked for. */
  opens(key: string | undefined): boolean {
    if (this.#hashes.length === 0) return true;
    if (key === undefined || key === '') return false;
    const hash = createHash('sha256').update(key).digest();
    return this.#hashes.filter((known) => known.length === hash.length && timingSafeEqual(known, hash)).length > 0;
  }

  /** By its key; where it brings none, by its session. */
  #isKnown(caller: Caller): boolean {
    const { key = '', session = '' } = caller;
    // An old cookie, or another appliance's of this host, is no reason to keep anybody out where no key is asked for.
    if (!this.locked || key !== '' || session === '') return this.opens(key);
    return this.#isOwnPage(caller) && this.#sessions?.holds(session) === true;
  }

  /**
   * The cookie is no word of the page that asks: it comes along from any page of this host, whatever its port, and from
   * those of allowed origins, which are to bring a key of their own.
   */
  #isOwnPage({ origin = '', host = '', site = '' }: Caller): boolean {
    if (site !== '' && site !== 'same-origin' && site !== 'none') return false;
    return origin === '' || isOriginOf(origin, host);
  }

  #isOurs(caller: Caller): boolean {
    return this.#hosts === null || this.#hosts.has((caller.host ?? '').toLowerCase().replace(/:\d*$/, ''));
  }

  /** Programs send no Origin; a page sends its own, which is ours when the browser fetched it from here. */
  #maySpeak({ origin = '', host = '' }: Caller): boolean {
    return origin === '' || this.#origins.has(origin) || isOriginOf(origin, host);
  }
}

function isOriginOf(origin: string, host: string): boolean {
  return URL.canParse(origin) && host !== '' && new URL(origin).host === host.toLowerCase();
}

/** The key of a request, from `Authorization: Bearer` or `X-API-Key`. */
export function keyIn(header: (name: string) => string): string {
  return /^Bearer +(\S+) *$/i.exec(header('authorization'))?.[1] ?? header('x-api-key');
}
