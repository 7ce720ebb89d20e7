// One request on its way to its answer. Most answers are at hand while the handler of µWebSockets.js runs: such a call
// reads what is asked of it and makes nothing else. One that outlives the handler keeps what the wire then forgets.
import { Body, type Flow } from './body.ts';
import { sessionIn } from './cookies.ts';
import { type Caller, keyIn } from './gate.ts';
import type { Asked } from './reply.ts';
import type { RawRequest } from './route.ts';

/** The side of µWebSockets.js's request that is read: only while its handler runs. */
interface Source {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string;
  getHeader(lowerCaseName: string): string;
  forEach(each: (name: string, value: string) => void): void;
}

/** The side of its response that brings the body. */
interface Inflow extends Flow {
  onData(each: (chunk: ArrayBuffer, last: boolean) => void): unknown;
}

interface Kept {
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
}

export class Call implements RawRequest, Caller, Asked {
  readonly method: string;
  readonly path: string;
  /** Of the path, once its routes are found. */
  params: Readonly<Record<string, string>> = {};
  aborted = false;
  readonly #source: Source;
  readonly #inflow: Inflow;
  readonly #slowMs: number;
  #kept: Kept | undefined;
  #body: Body | undefined;
  #expectsBody = false;
  #away: AbortController | undefined;

  /** `slowMs`: how long a sender may be too slow. */
  constructor(source: Source, inflow: Inflow, slowMs: number) {
    this.#source = source;
    this.#inflow = inflow;
    this.#slowMs = slowMs;
    this.method = source.getCaseSensitiveMethod();
    this.path = source.getUrl();
  }

  readonly header = (name: string): string =>
    this.#kept ? (this.#kept.headers.get(name) ?? '') : this.#source.getHeader(name);

  readonly hasHeader = (name: string): boolean => this.keep().headers.has(name);

  get query(): URLSearchParams {
    return new URLSearchParams(this.#kept ? this.#kept.query : this.#source.getQuery());
  }

  get body(): Body {
    if (!this.#body) {
      this.#body = new Body(this.#inflow, this.#slowMs);
      if (this.aborted) this.#body.abort();
    }
    return this.#body;
  }

  get signal(): AbortSignal {
    if (!this.#away) {
      this.#away = new AbortController();
      if (this.aborted) this.#away.abort();
    }
    return this.#away.signal;
  }

  get origin(): string {
    return this.header('origin');
  }

  get host(): string {
    return this.header('host');
  }

  get key(): string {
    return keyIn(this.header);
  }

  get session(): string {
    return sessionIn(this.header('cookie'));
  }

  get site(): string {
    return this.header('sec-fetch-site');
  }

  get head(): boolean {
    return this.method === 'HEAD';
  }

  get range(): string {
    return this.header('range');
  }

  get ifRange(): string {
    return this.header('if-range');
  }

  get ifNoneMatch(): string {
    return this.method === 'GET' || this.head ? this.header('if-none-match') : '';
  }

  /** True while some of a body that was asked for has not come. */
  get bodyIsComing(): boolean {
    return this.#expectsBody && !this.body.ended;
  }

  openBody(): void {
    this.#expectsBody = true;
    this.#inflow.onData((chunk, last) => this.body.push(new Uint8Array(chunk.slice(0)), last));
  }

  /** Before the handler returns, of a call that is not answered by then. */
  keep(): Kept {
    if (this.#kept) return this.#kept;
    const headers = new Map<string, string>();
    this.#source.forEach((name, value) => {
      if (!headers.has(name)) headers.set(name, value);
    });
    this.#kept = { query: this.#source.getQuery(), headers };
    return this.#kept;
  }

  /** From the wire: the client went away. */
  abort(): void {
    this.aborted = true;
    this.#body?.abort();
    this.#away?.abort();
  }
}
