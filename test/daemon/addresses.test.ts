// Where other devices reach the kiosk, on machines with networks of every kind.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { urlsOf } from '../../appliance/daemon/addresses.ts';

function at(address: string, internal = false): NetworkInterfaceInfo {
  const six = address.includes(':');
  const rest = { address, netmask: '', mac: '', internal, cidr: null };
  return six ? { ...rest, family: 'IPv6', scopeid: 0 } : { ...rest, family: 'IPv4' };
}

const interfaces = {
  lo: [at('127.0.0.1', true), at('::1', true)],
  docker0: [at('172.17.0.1')],
  veth1a2b: [at('fe80::42'), at('10.9.9.9')],
  usb0: [at('169.254.7.7')],
  eth0: [at('fe80::1'), at('2001:db8::5'), at('192.168.1.20')],
  wlan0: [at('192.168.1.21')],
};

const open = { port: 8000, loopback: false };

test('the likeliest address comes first, those of containers last, and none that only this machine understands', () => {
  const four = [
    'http://192.168.1.20:8000',
    'http://192.168.1.21:8000',
    'http://169.254.7.7:8000',
    'http://172.17.0.1:8000',
    'http://10.9.9.9:8000',
  ];
  expect(urlsOf({ host: '0.0.0.0', ...open }, interfaces)).toEqual(four);
  const both = [...four.slice(0, 2), 'http://[2001:db8::5]:8000', ...four.slice(2)];
  expect(urlsOf({ host: '::', ...open }, interfaces)).toEqual(both);
});

test('a daemon that listens at one address is reached at that one, and one on loopback nowhere', () => {
  expect(urlsOf({ host: '192.168.1.21', ...open }, interfaces)).toEqual(['http://192.168.1.21:8000']);
  expect(urlsOf({ host: '2001:db8::5', ...open }, interfaces)).toEqual(['http://[2001:db8::5]:8000']);
  expect(urlsOf({ host: 'box.lan', ...open }, interfaces)).toEqual(['http://box.lan:8000']);
  expect(urlsOf({ host: '127.0.0.1', port: 8000, loopback: true }, interfaces)).toEqual([]);
});

test('a machine without a network has none, and the networks of this one are URLs', () => {
  expect(urlsOf({ host: '0.0.0.0', ...open }, { lo: interfaces.lo })).toEqual([]);
  for (const url of urlsOf({ host: '::', ...open }, networkInterfaces())) expect(URL.canParse(url)).toBe(true);
});
