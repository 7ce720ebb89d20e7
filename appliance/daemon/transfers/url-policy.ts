// Which URLs the appliance downloads from, and the addresses that it connects to for them: those that were checked, no others.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Fault } from '../../contract/fault.ts';
import type { Log } from '../../log.ts';
import { isNetwork, isWithin, notPublic } from './addresses.ts';

export interface PolicySettings {
  /** Names such as `nas.lan` or `*.lan`, addresses, and networks such as `192.168.1.0/24`: these may always be reached. */
  readonly allow: readonly string[];
  /** Everything that is not public. */
  readonly private_networks: boolean;
  readonly public_networks: boolean;
}

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolve = (host: string) => Promise<readonly Address[]>;

export interface UrlPolicyOptions {
  /** A name's addresses; rejects where it has none. */
  readonly resolve?: Resolve;
  /** Is told the address that a refused name leads to: who asks is not. */
  readonly log?: Log;
}

export class UrlPolicy {
  readonly #settings: PolicySettings;
  readonly #resolve: Resolve;
  readonly #log: Log | undefined;

  constructor(settings: PolicySettings, { resolve = systemResolve, log }: UrlPolicyOptions = {}) {
    this.#settings = settings;
    this.#resolve = resolve;
    this.#log = log;
  }

  /** What can be said of it without a look at the network. Throws Fault 'source-url-refused'. */
  check(text: string): URL {
    if (!URL.canParse(text)) throw refused('it is no URL');
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('only http and https are downloaded from');
    if (url.hostname === '') throw refused('it names no host');
    const host = hostOf(url);
    if (isIP(host) !== 0) this.#judge(url, [{ address: host, family: isIP(host) === 4 ? 4 : 6 }]);
    return url;
  }

  /**
   * Those of its addresses that may be connected to, at least one. Throws Fault 'source-url-refused', and what `resolve`
   * does.
   */
  async addressesOf(url: URL): Promise<readonly Address[]> {
    const host = hostOf(url);
    const family = isIP(host);
    const found = family === 0 ? await this.#resolve(host) : [{ address: host, family: family === 4 ? 4 : 6 } as const];
    return this.#judge(url, found);
  }

  #judge(url: URL, found: readonly Address[]): readonly Address[] {
    const judged = found.map((one) => ({ one, why: this.#objection(url, one.address) }));
    const allowed = judged.filter(({ why }) => why === null).map(({ one }) => one);
    const [first] = judged;
    if (allowed.length > 0 || !first) return allowed;
    const host = hostOf(url);
    const { address } = first.one;
    if (host !== address) this.#log?.info({ host, address }, 'name leads to an address that may not be reached');
    throw refused(first.why ?? 'it may not be reached');
  }

  /** Null: it may be reached. */
  #objection(url: URL, address: string): string | null {
    const { allow, private_networks, public_networks } = this.#settings;
    const host = hostOf(url);
    if (allow.some((entry) => (isNetwork(entry) ? isWithin(address, entry) : isNamed(host, entry)))) return null;
    const kind = notPublic(address);
    // What a name leads to in the networks around is not for whoever may ask.
    const at = host === address ? `${address} is` : `${host} leads to`;
    if (kind === null) return public_networks ? null : `${at} a public address, and downloads.public_networks is off`;
    return private_networks ? null : `${at} no public address (${kind}), and downloads.allow does not name it`;
  }
}

/** `*.lan`: every name below it. */
function isNamed(host: string, entry: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  const wanted = entry.toLowerCase();
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted;
}

/** Without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function refused(rule: string): Fault {
  return new Fault('source-url-refused', `The URL is refused: ${rule}.`);
}

async function systemResolve(host: string): Promise<readonly Address[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
