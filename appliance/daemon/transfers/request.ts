// One GET: to an address that the policy has checked, and through as many redirects as are checked in the same way.
import { request as http, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as https } from 'node:https';
import type { LookupFunction } from 'node:net';
import { codeOf } from '../../contract/errno.ts';
import { Fault } from '../../contract/fault.ts';
import { Unreached } from './unreached.ts';
import { type Address, hostOf, type UrlPolicy } from './url-policy.ts';

export interface GetOptions {
  readonly policy: UrlPolicy;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const mostRedirects = 5;

/**
 * The answer whose body is still to come. Throws Fault 'source-url-refused' for a redirect that may not be followed,
 * Unreached where nobody answers, and the signal's reason.
 */
export async function get(url: URL, { policy, headers, signal }: GetOptions): Promise<IncomingMessage> {
  let next = url;
  for (let redirects = 0; ; redirects += 1) {
    // A login is that of the origin that it was given for.
    const login = next.origin === url.origin ? loginOf(url) : {};
    const answer = await once(next, await reachable(next, policy), { ...headers, ...login }, signal);
    const { statusCode = 0 } = answer;
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return answer;
    answer.destroy();
    if (redirects === mostRedirects) throw new Fault('download-failed', `More than ${mostRedirects} redirects.`);
    if (!URL.canParse(location, next.href)) throw new Fault('download-failed', 'It is redirected to what is no URL.');
    const target = new URL(location, next);
    if (next.protocol === 'https:' && target.protocol === 'http:') {
      throw new Fault('source-url-refused', 'The URL is refused: it is redirected from https to http.');
    }
    // A login in a redirect is another's word.
    target.username = '';
    target.password = '';
    next = policy.check(target.href);
  }
}

async function reachable(url: URL, policy: UrlPolicy): Promise<readonly Address[]> {
  try {
    return await policy.addressesOf(url);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Unreached(`the name ${hostOf(url)} is not known (${codeOf(error)})`, { cause: error });
  }
}

function once(
  url: URL,
  addresses: readonly Address[],
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // What the name says a moment later is of no interest: this is where the connection goes. Host and SNI stay the name's.
  const lookup: LookupFunction = (_host, options, told) => {
    const [first] = addresses;
    if (options.all === true) told(null, [...addresses]);
    else told(null, first?.address ?? '', first?.family);
  };
  const { hostname, port, pathname, search } = url;
  const where: RequestOptions = { hostname: hostOf(url), port, path: `${pathname}${search}` };
  const options = { ...where, lookup, headers: { ...headers, host: url.host }, agent: false as const, signal };
  const send = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const sent = send({ ...options, ...(send === https ? { servername: sniOf(hostname) } : {}) }, resolve);
    sent.on('error', (error) => {
      if (signal.aborted) reject(reasonOf(signal));
      else reject(new Unreached(`no answer (${codeOf(error) || error.message})`, { cause: error }));
    });
    // After either of them comes no error, and no answer.
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Fault('download-failed', 'The server answered 101 Switching Protocols.'));
    });
    sent.on('close', () => reject(new Unreached('no answer (it was closed)')));
    sent.end();
  });
}

/** RFC 6066 §3: an address is no server name. */
function sniOf(hostname: string): string {
  return /^[\d.]+$|:/.test(hostname) ? '' : hostname;
}

function loginOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const words = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(words).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
