// Writes one answer to one client: corked, with back-pressure, and never after the client went away.
import { type FileHandle, open } from 'node:fs/promises';
import { STATUS_CODES } from 'node:http';
import { type Answer, jsonType } from './answer.ts';
import { type Body, type Flow, nudgeMs } from './body.ts';
import { readRange } from './ranges.ts';

/** The side of µWebSockets.js's response that answers are written to. */
export interface Wire extends Flow {
  cork(write: () => void): unknown;
  writeStatus(status: string): unknown;
  writeHeader(name: string, value: string): unknown;
  write(chunk: Uint8Array | string): boolean;
  end(body?: Uint8Array | string): unknown;
  endWithoutBody(reportedLength?: number): unknown;
  tryEnd(chunk: Uint8Array, totalSize: number): [ok: boolean, done: boolean];
  getWriteOffset(): number;
  onWritable(handler: () => boolean): unknown;
  close(): unknown;
}

/** What of the request shapes the answer. */
export interface Asked {
  readonly head: boolean;
  readonly range: string;
  readonly ifRange: string;
  readonly ifNoneMatch: string;
}

type Headers = Readonly<Record<string, string>>;

/** For every answer, whatever it is. */
const always = Object.entries({
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
});

const fileChunkBytes = 256 * 1024;
/** A paused player or a slow line takes nothing for a while; one that takes nothing for so long has gone away. */
const readerPatienceMs = 600_000;
/** How long a sender may go on after its answer, so that it sees the answer and not a reset connection. */
const parting = { bytes: 32 * 1024 * 1024, quietMs: 500, totalMs: 10_000 };

export class Reply {
  readonly #wire: Wire;
  readonly #extra: Headers;
  #open = true;
  /** µWebSockets.js corks by itself while its handler runs. */
  #corked = true;
  #wake: (() => void) | undefined;
  /** Null until headers were written. */
  status: number | null = null;

  /** `extra`: headers for every answer to this request. */
  constructor(wire: Wire, extra: Headers) {
    this.#wire = wire;
    this.#extra = extra;
  }

  /** The handler returns before the answer was sent. */
  uncork(): void {
    this.#corked = false;
    this.#wire.onWritable(() => {
      this.#wake?.();
      return true;
    });
  }

  /** From the wire: the client went away. The wire must not be touched any more. */
  aborted(): void {
    this.#open = false;
    this.#wake?.();
  }

  async send(answer: Answer, asked: Asked): Promise<void> {
    if (!this.#open) return;
    if (answer.kind === 'text') this.text(answer, asked);
    else if (answer.kind === 'stream') await this.#sendStream(answer, asked);
    else await this.#sendFile(answer, asked);
  }

  /** Whole, within this call. */
  text({ text, type, status, headers, etag }: Answer & { kind: 'text' }, asked: Asked): void {
    if (etag !== undefined && status === 200 && matches(asked, etag)) return this.#unchanged(etag, headers);
    // RFC 9110 §15.3.5: it has no body, and says no length of one.
    if (status === 204) return this.#whole(() => this.#wire.endWithoutBody(), 204, headers);
    this.#finish(() => {
      this.#head(status, headers, type, etag);
      if (asked.head) this.#wire.endWithoutBody(Buffer.byteLength(text));
      else this.#wire.end(text);
    });
  }

  /** Answers while the body is still coming; then lets the sender come to an end, or cuts it off. */
  async part(answer: Answer, body: Body): Promise<void> {
    if (!this.#open) return;
    if (answer.kind !== 'text') throw new Error('an early answer is a text');
    this.#wire.cork(() => {
      this.#head(answer.status, { ...answer.headers, Connection: 'close' }, answer.type);
      this.#wire.write(answer.text);
    });
    const outcome = await body.discard(parting);
    // One that goes on after all this will not read it.
    if (outcome === 'endless') this.drop();
    else this.#finish(() => this.#wire.end());
  }

  /** Cuts the connection: what was sent is not whole, and the client shall see that. */
  drop(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#wire.close();
  }

  async #sendStream(answer: Answer & { kind: 'stream' }, asked: Asked): Promise<void> {
    const headers = { ...answer.headers, 'Content-Type': answer.type };
    if (asked.head) return this.#whole(() => this.#wire.endWithoutBody(), answer.status, headers);
    // The first piece is made before the headers go out, so that a stream that fails at once is an honest error.
    const chunks = answer.chunks[Symbol.asyncIterator]();
    try {
      let piece = await chunks.next();
      if (!this.#open) return;
      this.#wire.cork(() => this.#head(answer.status, headers));
      while (piece.done !== true) {
        const { value } = piece;
        const sent = { flowing: true };
        if (value.length > 0) this.#wire.cork(() => (sent.flowing = this.#wire.write(value)));
        if (!sent.flowing) await this.#writable();
        if (!this.#isOpen()) return;
        piece = await chunks.next();
        if (!this.#isOpen()) return;
      }
      this.#finish(() => this.#wire.end());
    } finally {
      await chunks.return?.();
    }
  }

  async #sendFile(answer: Answer & { kind: 'file' }, asked: Asked): Promise<void> {
    const { size, path, etag } = answer;
    if (matches(asked, etag)) return this.#unchanged(etag, answer.headers);
    const fresh = asked.ifRange === '' || asked.ifRange === etag;
    const span = fresh ? readRange(asked.range, size) : 'whole';
    const headers: Record<string, string> = {
      ...answer.headers,
      'Content-Type': answer.type,
      'Accept-Ranges': 'bytes',
      ETag: etag,
    };
    if (span === 'unsatisfiable') {
      const detail = JSON.stringify({ detail: `The file has ${size} bytes` });
      const range = { ...headers, 'Content-Range': `bytes */${size}`, 'Content-Type': jsonType };
      return this.#whole(() => this.#wire.end(detail), 416, range);
    }
    const { start, length } = span === 'whole' ? { start: 0, length: size } : span;
    const status = span === 'whole' ? 200 : 206;
    if (status === 206) headers['Content-Range'] = `bytes ${start}-${start + length - 1}/${size}`;
    if (asked.head || length === 0) return this.#whole(() => this.#wire.endWithoutBody(length), status, headers);
    const handle = await open(path);
    try {
      if (!this.#isOpen()) return;
      this.#wire.cork(() => this.#head(status, headers));
      await this.#pump(handle, start, length);
    } finally {
      await handle.close();
    }
  }

  async #pump(handle: FileHandle, start: number, length: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(fileChunkBytes, length));
    let unsent = buffer.subarray(0, 0);
    for (let read = 0; ;) {
      if (unsent.length === 0) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - read), start + read);
        if (!this.#isOpen()) return;
        // The file became shorter than it said it was.
        if (bytesRead === 0) return this.drop();
        read += bytesRead;
        unsent = buffer.subarray(0, bytesRead);
      }
      const sent = { flowing: true, done: false };
      const before = this.#wire.getWriteOffset();
      this.#wire.cork(() => ([sent.flowing, sent.done] = this.#wire.tryEnd(unsent, length)));
      if (sent.done) {
        this.#open = false;
        return;
      }
      unsent = unsent.subarray(this.#wire.getWriteOffset() - before);
      if (!sent.flowing) await this.#writable();
      if (!this.#isOpen()) return;
    }
  }

  #unchanged(etag: string, headers: Headers): void {
    this.#whole(() => this.#wire.endWithoutBody(), 304, { ...headers, ETag: etag });
  }

  #whole(write: () => unknown, status: number, headers: Headers): void {
    this.#finish(() => {
      this.#head(status, headers);
      write();
    });
  }

  #head(status: number, headers: Headers, type?: string, etag?: string): void {
    this.status = status;
    // Else µWebSockets.js writes it.
    if (status !== 200) this.#wire.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
    for (const [name, value] of always) this.#wire.writeHeader(name, value);
    for (const name in this.#extra) this.#wire.writeHeader(name, this.#extra[name] ?? '');
    for (const name in headers) this.#wire.writeHeader(name, headers[name] ?? '');
    if (etag !== undefined) this.#wire.writeHeader('ETag', etag);
    if (type !== undefined) this.#wire.writeHeader('Content-Type', type);
  }

  /** After the last write the wire belongs to the next request. */
  #finish(write: () => unknown): void {
    if (!this.#open) return;
    if (this.#corked) write();
    else this.#wire.cork(write);
    this.#open = false;
  }

  /** A call, since the compiler takes a field for unchanged across an await. */
  #isOpen(): boolean {
    return this.#open;
  }

  async #writable(): Promise<void> {
    if (!this.#open) return;
    const nudge = setInterval(() => {
      this.#wire.pause();
      this.#wire.resume();
    }, nudgeMs);
    const enough = setTimeout(() => clearInterval(nudge), readerPatienceMs);
    await new Promise<void>((resolve) => (this.#wake = resolve));
    clearInterval(nudge);
    clearTimeout(enough);
    this.#wake = undefined;
  }
}

/** RFC 9110 §13.1.2: weak comparison against a list of tags, or `*`. */
function matches({ ifNoneMatch }: Asked, etag: string): boolean {
  if (ifNoneMatch === '') return false;
  const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => bare(tag) === bare(etag));
}
