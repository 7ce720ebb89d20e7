// One try to hand a webhook its message.
import { signatureHeaders } from './signature.ts';

export interface Attempt {
  readonly url: string;
  readonly secret: string;
  readonly id: string;
  readonly body: string;
  /** Aborted: it is of no use any more. */
  readonly signal: AbortSignal;
}

/** `gone`: the receiver wants no more of it. `afterMs`: before that it is of no use to try again. */
export type Reception =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly reason: string; readonly gone: boolean; readonly afterMs: number };

const timeoutMs = 10_000;
const longestWaitMs = 3_600_000;

/** Redirects are not followed: what was signed for one place is nobody else's. Never throws but when `signal` aborts. */
export async function attempt({ url, secret, id, body, signal }: Attempt): Promise<Reception> {
  const late = AbortSignal.timeout(timeoutMs);
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    const { href, authorization } = withoutLogin(url);
    const response = await fetch(href, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Vedette',
        ...authorization,
        ...signatureHeaders(secret, { id, timestamp, body }),
      },
      body,
      signal: AbortSignal.any([signal, late]),
    });
    await response.body?.cancel();
    if (response.ok) return { kind: 'taken' };
    const reason = `It answered ${response.status}.`;
    return { kind: 'refused', reason, gone: response.status === 410, afterMs: retryAfter(response) };
  } catch (error) {
    signal.throwIfAborted();
    const reason = late.aborted ? `It did not answer within ${timeoutMs / 1000} s.` : describe(error);
    return { kind: 'refused', reason, gone: false, afterMs: 0 };
  }
}

/** fetch takes no login in its URL. */
function withoutLogin(url: string): { href: string; authorization: Record<string, string> } {
  const place = new URL(url);
  const { username, password } = place;
  place.username = '';
  place.password = '';
  if (username === '' && password === '') return { href: place.href, authorization: {} };
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { href: place.href, authorization: { authorization: `Basic ${login}` } };
}

/** Seconds or an HTTP date, RFC 9110 §10.2.3; in ms. */
function retryAfter(response: Response): number {
  const told = response.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - Date.now();
  return ms > 0 ? Math.min(ms, longestWaitMs) : 0;
}

/** What fetch throws says `fetch failed`; what failed stands in its cause. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  return `It cannot be reached (${code ?? (cause instanceof Error ? cause.message : String(cause))}).`;
}
