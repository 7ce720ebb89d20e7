// What the head of an answer says of a download: whole or the rest, how long, and by what the same file is known again. Pure.
import { type IncomingHttpHeaders, STATUS_CODES } from 'node:http';
import { Fault } from '../../contract/fault.ts';
import { Unreached } from './unreached.ts';

/** `whole`: from the first byte. `rest`: from where it was asked for. `anew`: what is there does not fit: ask for the whole. */
export type Head = { readonly kind: 'whole' | 'rest'; readonly total: number | null } | { readonly kind: 'anew' };

const busy: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Whether another try, a little later, may be answered otherwise. */
export function isBusy(status: number): boolean {
  return busy.has(status);
}

/**
 * `from`: the byte that was asked for, 0 for the whole; `validator`: of what came before it. Throws Fault 'download-failed',
 * or Unreached for a busy server.
 */
export function readHead(
  status: number,
  headers: IncomingHttpHeaders,
  { from, validator }: { readonly from: number; readonly validator: string | null },
): Head {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (status === 416 && from > 0) return { kind: 'anew' };
  const isPacked = encoding !== 'identity' && (status === 200 || status === 206);
  if (isPacked) {
    throw new Fault('download-failed', `The server sends it packed (${encoding}), though it was asked not to.`);
  }
  if (status === 206 && from > 0) {
    if (isOther(headers, validator)) return { kind: 'anew' };
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
    if (Number(start) !== from) return { kind: 'anew' };
    return { kind: 'rest', total: total === undefined || total === '*' ? null : Number(total) };
  }
  const words = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  if (isBusy(status)) throw new Unreached(`the server answered ${words}`, { retryAfterS: secondsOf(headers) });
  if (status !== 200) throw new Fault('download-failed', `The server answered ${words}.`);
  const length = headers['content-length'];
  return { kind: 'whole', total: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null };
}

/**
 * Null where none is strong: by that another file could go on in the midst of this one. A time of change is strong only when
 * it lies a second or more before the answer's own (RFC 9110 §8.8.2.2).
 */
export function validatorOf(headers: IncomingHttpHeaders): string | null {
  const { etag, date, 'last-modified': changed } = headers;
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag;
  if (changed === undefined || date === undefined) return null;
  return Date.parse(date) - Date.parse(changed) >= 1000 ? changed : null;
}

/** A server that does not know If-Range sends the rest of whatever lies there now (RFC 9110 §15.3.7: with its ETag). */
function isOther({ etag, 'last-modified': changed }: IncomingHttpHeaders, validator: string | null): boolean {
  const isTag = validator?.startsWith('"') === true;
  const told = isTag ? etag : changed;
  return told !== undefined && told !== validator;
}

/** RFC 9110 §10.2.3; a date is not waited for. */
function secondsOf({ 'retry-after': asked }: IncomingHttpHeaders): number | null {
  return asked !== undefined && /^\d{1,6}$/.test(asked) ? Number(asked) : null;
}
