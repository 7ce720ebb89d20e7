// Where other devices reach the kiosk: the addresses of this machine on its networks, the likeliest first. Pure.
import { isIP, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

export interface Listening {
  /** As set. */
  readonly host: string;
  /** As opened. */
  readonly port: number;
  /** True where no other machine reaches the host. */
  readonly loopback: boolean;
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Networks of containers and virtual machines, which no other device is in. */
const virtual = /^(docker|br-|veth|virbr|vnet|lxc|cni|flannel|podman)/;

/** URLs, without those that only this machine understands; of a host that is one address or name, that one alone. */
export function urlsOf({ host, port, loopback }: Listening, interfaces: Interfaces): string[] {
  if (loopback) return [];
  const urlOf = (address: string) => `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
  if (host !== '0.0.0.0' && host !== '::') return [urlOf(host)];
  return Object.entries(interfaces)
    .flatMap(([name, addresses = []]) => addresses.map((address) => ({ ...address, name })))
    .filter(({ internal, address }) => !internal && isIP(address) > 0 && !isLinkLocal6(address))
    .filter(({ family }) => family === 'IPv4' || host === '::')
    .map(({ name, address }) => ({ address, rank: rankOf(name, address) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ address }) => urlOf(address));
}

function rankOf(name: string, address: string): number {
  if (virtual.test(name)) return 3;
  if (address.startsWith('169.254.')) return 2; // RFC 3927: nobody gave it one
  return isIPv6(address) ? 1 : 0;
}

/** RFC 4291 §2.4: fe80::/10. */
function isLinkLocal6(address: string): boolean {
  return /^fe[89ab]/i.test(address) && isIPv6(address);
}
