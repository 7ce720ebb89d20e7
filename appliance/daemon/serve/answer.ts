// What a route hands back: a text, a stream or a file, with its status and headers.
export type Answer = Head & (TextBody | StreamBody | FileBody);

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** MIME type. */
  readonly type: string;
}

interface TextBody {
  readonly kind: 'text';
  readonly text: string | Uint8Array;
  /** With its quotes; a request that names it in If-None-Match gets 304. */
  readonly etag?: string;
}

interface StreamBody {
  readonly kind: 'stream';
  /** Pulled only as fast as the client reads; its `return()` is called when the client goes away. */
  readonly chunks: AsyncIterable<Uint8Array | string>;
}

/** Served with Range, ETag and If-None-Match. */
interface FileBody {
  readonly kind: 'file';
  readonly path: string;
  readonly size: number;
  readonly etag: string;
}

interface Extras {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export const jsonType = 'application/json; charset=utf-8';

export function json(value: unknown, extras: Extras & { readonly etag?: string } = {}): Answer {
  return text(JSON.stringify(value), jsonType, extras);
}

export function text(
  content: string | Uint8Array,
  type: string,
  extras: Extras & { readonly etag?: string } = {},
): Answer {
  const { status = 200, headers = {}, etag } = extras;
  return { kind: 'text', text: content, type, status, headers, ...(etag === undefined ? {} : { etag }) };
}

export function stream(chunks: AsyncIterable<Uint8Array | string>, type: string, extras: Extras = {}): Answer {
  return { kind: 'stream', chunks, type, status: extras.status ?? 200, headers: extras.headers ?? {} };
}

export function file(path: string, size: number, modifiedMs: number, type: string): Answer {
  const etag = `"${size.toString(36)}-${Math.floor(modifiedMs).toString(36)}"`;
  return { kind: 'file', path, size, etag, type, status: 200, headers: {} };
}
