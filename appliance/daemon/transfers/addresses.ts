// Which IP addresses are whose: the public's, or those of the machine and the networks around it. Pure.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** IANA's special-purpose registry of IPv4 (RFC 6890) and multicast; what is not among them is public. */
const notPublic4 = [
  ['0.0.0.0', 8, 'this network'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, "a carrier's own"],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'for documentation'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'for benchmarks'],
  ['198.51.100.0', 24, 'for documentation'],
  ['203.0.113.0', 24, 'for documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
] as const;

/** Of IPv6 only 2000::/3 is given out (RFC 4291 §2.4); inside it, what leads elsewhere: Teredo and its like, 6to4. */
const notPublic6 = [
  ['2001::', 23, 'reserved'],
  ['2001:db8::', 32, 'for documentation'],
  ['2002::', 16, 'a way to IPv4'],
  ['3fff::', 20, 'for documentation'],
] as const;

const named6 = [
  ['::1', 128, 'loopback'],
  ['::', 128, 'unspecified'],
  ['fe80::', 10, 'link-local'],
  ['fc00::', 7, 'private'],
  ['ff00::', 8, 'multicast'],
  ['64:ff9b::', 96, 'a way to IPv4'],
] as const;

type Range = readonly [network: string, prefix: number, name: string];

/** Null for a public address, else what it is, such as `private`. */
export function notPublic(address: string): string | null {
  const plain = unmapped(address);
  const within = ([network, prefix]: Range) => holds(plain, network, prefix);
  if (isIPv4(plain)) return notPublic4.find(within)?.[2] ?? null;
  const special = notPublic6.find(within) ?? named6.find(within);
  if (special) return special[2];
  return holds(plain, '2000::', 3) ? null : 'reserved';
}

/** Whether `network` (an address, or CIDR) holds the address; false for what is neither. */
export function isWithin(address: string, network: string): boolean {
  const [start = '', bits] = network.split('/');
  const whole = isIPv4(start) ? 32 : 128;
  return holds(unmapped(address), start, bits === undefined ? whole : Number(bits));
}

/** An address, or CIDR. */
export function isNetwork(text: string): boolean {
  const [start = '', bits, ...rest] = text.split('/');
  const family = isIP(start);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function holds(address: string, network: string, prefix: number): boolean {
  const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(address) !== isIP(network) || isIP(network) === 0) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(address, family);
}

/** An IPv4 address in IPv6's clothes (RFC 4291 §2.5.5) is the IPv4 address. A zone is not part of it. */
function unmapped(address: string): string {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) !== 6 || !holds(bare, '::ffff:0:0', 96)) return bare;
  const tail = bare.slice(bare.lastIndexOf(':') + 1);
  if (isIPv4(tail)) return tail;
  // As WHATWG URLs write it: ::ffff:7f00:1.
  const [high = '0', low = '0'] = bare.split(':').slice(-2);
  const bytes = [high, low].map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return bytes.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}
