// Who opens a live connection, as far as the handshake says: what the rules for origins and keys are asked with.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

export interface Caller {
  /** Set by browsers only. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly address: string | undefined;
}

/** What it shows to be let in: secrets, which are not to be logged. */
export interface Shown {
  readonly key: string | undefined;
  /** The header `Cookie`. */
  readonly cookies: string;
  /** The header `Sec-Fetch-Site`. */
  readonly site: string | undefined;
}

const Auth = z.object({ key: z.string() });

/** Socket.IO on µWebSockets.js hands in an imitation of a request: `headers` and `connection.remoteAddress` only. */
export function callerOf(request: IncomingMessage): Caller {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the imitation has no `socket`
  return { origin: request.headers.origin, host: request.headers.host, address: request.connection.remoteAddress };
}

/** `auth` is what the client's handshake brought. */
export function shownBy(request: IncomingMessage, auth: unknown): Shown {
  const { cookie = '', 'sec-fetch-site': site } = request.headers;
  return { key: keyOf(request, auth), cookies: cookie, site: typeof site === 'string' ? site : undefined };
}

function keyOf(request: IncomingMessage, auth: unknown): string | undefined {
  const parsed = Auth.safeParse(auth);
  if (parsed.success) return parsed.data.key;
  const header = request.headers['x-api-key'];
  if (typeof header === 'string') return header;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
