// Which URLs may be downloaded from, and that the address which is checked is the one that is connected to.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { isNetwork, isWithin, notPublic } from '../../appliance/daemon/transfers/addresses.ts';
import { UrlCheck } from '../../appliance/daemon/transfers/url-check.ts';
import { type Address, type PolicySettings, UrlPolicy } from '../../appliance/daemon/transfers/url-policy.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'video.example.com': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'],
  'nas.lan': ['192.168.1.20'],
  'rebound.example.com': ['127.0.0.1'],
  'both.example.com': ['10.0.0.1', '93.184.215.14'],
};

function policy(settings: Partial<PolicySettings> = {}) {
  const whole = { allow: [], private_networks: false, public_networks: true, ...settings };
  return new UrlPolicy(whole, { resolve });
}

function resolve(host: string) {
  const found = names[host];
  if (!found) return Promise.reject(Object.assign(new Error(host), { code: 'ENOTFOUND' }));
  return Promise.resolve(found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const));
}

const reached = async (url: string, settings: Partial<PolicySettings> = {}) => {
  const one = policy(settings);
  return (await one.addressesOf(one.check(url))).map(({ address }) => address);
};

describe('without a look at the network', () => {
  it.each([
    ['ftp://example.com/a.mp4', 'only http and https'],
    ['file:///etc/passwd', 'only http and https'],
    ['no url', 'it is no URL'],
    ['http://127.0.0.1/a', 'loopback'],
    ['http://2130706433/a', '127.0.0.1 is no public address'],
    ['http://0x7f.1/a', 'loopback'],
    ['http://0.0.0.0/', 'this network'],
    ['http://10.1.2.3/', 'private'],
    ['http://172.31.255.255/', 'private'],
    ['http://192.168.0.1:8080/', 'private'],
    ['http://169.254.169.254/latest/meta-data', 'link-local'],
    ['http://100.64.0.1/', "a carrier's own"],
    ['http://224.0.0.1/', 'multicast'],
    ['http://255.255.255.255/', 'reserved'],
    ['http://[::1]/', 'loopback'],
    ['http://[::]/', 'unspecified'],
    ['http://[fe80::1]/', 'link-local'],
    ['http://[fd12::1]/', 'private'],
    ['http://[::ffff:10.0.0.1]/', 'private'],
    ['http://[::ffff:169.254.169.254]/', 'link-local'],
    ['http://[64:ff9b::a00:1]/', 'a way to IPv4'],
    ['http://[2002:a00:1::]/', 'a way to IPv4'],
    ['http://[2001:db8::1]/', 'for documentation'],
    ['http://[4000::1]/', 'reserved'],
  ])('%s is refused: %s', (url, reason) => {
    expect(() => policy().check(url)).toThrow(reason);
  });

  it.each(['https://93.184.215.14/a.mp4', 'http://[2606:2800:21f:cb07::1]/a', 'http://[::ffff:93.184.215.14]/'])(
    '%s passes',
    (url) => {
      expect(policy().check(url).href).toContain('://');
    },
  );
});

describe('a name', () => {
  it('leads to its public addresses', async () => {
    expect(await reached('https://video.example.com/a.mp4')).toEqual(names['video.example.com']);
  });

  it('that leads into a private network is refused with the setting that would allow it; its address is for the log', async () => {
    await expect(reached('http://nas.lan/a.mp4')).rejects.toThrow(
      'The URL is refused: nas.lan leads to no public address (private), and downloads.allow does not name it.',
    );
    const logged: string[] = [];
    const log = pino({}, { write: (line: string) => void logged.push(line) });
    const settings = { allow: [], private_networks: false, public_networks: true };
    const one = new UrlPolicy(settings, { resolve, log });
    const error: unknown = await one
      .addressesOf(new URL('http://rebound.example.com/'))
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('loopback');
    expect(String(error)).not.toContain('127.0.0.1');
    expect(logged.join('')).toContain('"host":"rebound.example.com","address":"127.0.0.1"');
  });

  it('is asked for by two submits at a time; with others meanwhile it is left to the job, and a bad one still refused', async () => {
    let asked = 0;
    const answers: (() => void)[] = [];
    const slow = () => {
      asked += 1;
      return new Promise<readonly Address[]>((told) => answers.push(() => told([{ address: '10.0.0.1', family: 4 }])));
    };
    const settings = { allow: [], private_networks: false, public_networks: true };
    const check = new UrlCheck({ policy: new UrlPolicy(settings, { resolve: slow }), nameMs: 5000 });
    const refused = ['a', 'b'].map((name) => check.check(`http://${name}.lan/`).catch((reason: unknown) => reason));
    expect((await check.check('http://c.lan/a.mp4')).href).toBe('http://c.lan/a.mp4');
    expect(asked).toBe(2);
    await expect(check.check('http://127.0.0.1/')).rejects.toThrow('loopback');
    for (const answer of answers) answer();
    expect(String((await Promise.all(refused))[1])).toContain('b.lan leads to no public address');
    void check.check('http://d.lan/').catch(() => undefined); // refused as the others were
    expect(asked).toBe(3);
    answers.at(-1)?.();
  });

  it('of several addresses is reached at those alone that are allowed', async () => {
    expect(await reached('http://both.example.com/')).toEqual(['93.184.215.14']);
  });

  it('is allowed by itself, by those above it, by its address, by its network, or with all private networks', async () => {
    const there = ['192.168.1.20'];
    expect(await reached('http://nas.lan/', { allow: ['nas.lan'] })).toEqual(there);
    expect(await reached('http://NAS.lan/', { allow: ['*.LAN'] })).toEqual(there);
    expect(await reached('http://nas.lan/', { allow: ['192.168.1.20'] })).toEqual(there);
    expect(await reached('http://nas.lan/', { allow: ['192.168.0.0/16'] })).toEqual(there);
    expect(await reached('http://nas.lan/', { private_networks: true })).toEqual(there);
    await expect(reached('http://nas.lan/', { allow: ['192.168.2.0/24', 'as.lan', '*.nas.lan'] })).rejects.toThrow();
  });

  it('is refused where only what is allowed may be reached', async () => {
    const settings = { public_networks: false, allow: ['video.example.com'] };
    expect(await reached('https://video.example.com/', settings)).toHaveLength(2);
    await expect(reached('https://both.example.com/', settings)).rejects.toThrow('no public address');
    await expect(reached('https://93.184.215.15/', settings)).rejects.toThrow('downloads.public_networks is off');
  });
});

describe('networks', () => {
  it('are addresses, or addresses with a prefix', () => {
    const good = ['10.0.0.0/8', '10.0.0.1', '::1', 'fd00::/8', '0.0.0.0/0'];
    const bad = ['10.0.0.0/33', '10.0.0/8', 'nas.lan', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/', ''];
    expect(good.filter(isNetwork)).toEqual(good);
    expect(bad.filter(isNetwork)).toEqual([]);
  });

  it('hold an IPv4 address in the clothes of IPv6', () => {
    expect(isWithin('::ffff:10.0.0.1', '10.0.0.0/8')).toBe(true);
    expect(isWithin('::ffff:a00:1', '10.0.0.0/8')).toBe(true);
    expect(isWithin('10.0.0.1', 'fd00::/8')).toBe(false);
    expect(notPublic('fe80::1%eth0')).toBe('link-local');
  });
});
