// MQTT as the settings want it: TLS, logins, and who is listened to.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openMqtt } from '../../appliance/daemon/mqtt-part.ts';
import { MqttSettings } from '../../appliance/daemon/settings/mqtt-settings.ts';
import { Commander } from '../publish/commander.ts';
import { Desk } from '../publish/command-desk.ts';
import { Opened } from '../publish/opened.ts';
import { RecordOf } from '../publish/record-of.ts';
import { Source } from '../publish/source.ts';
import { freePort, mosquittoMissing, startBroker } from '../support/broker.ts';
import { tempData } from '../support/temp-data.ts';

const opensslMissing = spawnSync('openssl', ['version']).error ? 'openssl is not installed' : undefined;
const missing = mosquittoMissing ?? opensslMissing;
if (missing) process.stderr.write(`skipped: MQTT by the settings, since ${missing}\n`);

const opened = new Opened();
afterEach(() => opened.close());

async function open(settings: unknown, { locked = false, folder = tempData() } = {}) {
  const source = new Source();
  const { stream, snapshot, log } = source;
  const told = new RecordOf<boolean>();
  const part = await openMqtt(MqttSettings.parse(settings), {
    ...{ node: 'box', boot: 'boot-1', stream, snapshot, log, locked, removed: noneRemoved, pictures: noPictures },
    memory: join(folder, 'home-assistant.json'),
    onStateChange: ({ connected }) => told.add(connected),
  });
  opened.add(part);
  return { part, source, told, connected: () => told.until((all) => all.includes(true)), folder };
}
const noneRemoved = { add: () => undefined, forget: () => undefined, list: () => [] };
const noPictures = { poster: () => Promise.resolve(null), glance: () => null };

describe.skipIf(missing)('a broker with TLS', () => {
  // Made before any test runs, and of use to all of them.
  const folder = mkdtempSync(join(tmpdir(), 'vedette-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const authority = (name: string) =>
    openssl('req', '-x509', ...newKey(name), '-days', '2', '-subj', `/CN=${name}`, '-out', `${name}.pem`);
  const newKey = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  const certificate = (name: string, alt: string) => {
    writeFileSync(file(`${name}.ext`), `subjectAltName=${alt}\n`);
    openssl('req', ...newKey(name), '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    const by = ['-CA', 'house.pem', '-CAkey', 'house.key', '-CAcreateserial', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.pem`);
  };
  beforeAll(() => {
    authority('house');
    authority('stranger');
    certificate('broker', 'IP:127.0.0.1');
    certificate('elsewhere', 'DNS:broker.example');
    certificate('vedette', 'DNS:box');
  });
  const tls = (server = 'broker') => [
    `cafile ${file('house.pem')}`,
    `certfile ${file(`${server}.pem`)}`,
    `keyfile ${file(`${server}.key`)}`,
  ];
  async function broker(...lines: string[]): Promise<string> {
    const { port } = opened.add(await startBroker({ lines: ['user root', ...lines] }));
    return `mqtts://127.0.0.1:${port}`;
  }
  async function complaintOf(settings: unknown): Promise<string> {
    const { part, told } = await open(settings);
    await told.until((all) => all.length > 0);
    return part.complaint ?? '';
  }

  it('is let in to by a login, with its certificate checked', async () => {
    const passwords = file('passwords');
    writeFileSync(passwords, '');
    spawnSync('mosquitto_passwd', ['-b', passwords, 'box', 'hunter2']);
    const url = await broker(...tls(), 'allow_anonymous false', `password_file ${passwords}`);
    const login = { username: 'box', password: 'hunter2' };
    const { part, source, connected } = await open({ url, ca: file('house.pem'), ...login });
    await connected();
    expect(part.complaint).toBeNull();
    expect(part.state).toEqual({ mode: 'external', connected: true });
    expect(JSON.stringify(source.book.lines)).not.toContain('hunter2');
    expect(await complaintOf({ url, ca: file('house.pem'), ...login, password: 'guess' })).toMatch(/Not authorized/);
  });

  it('that asks for a certificate gets that of the settings', async () => {
    const url = await broker(...tls(), 'require_certificate true', 'use_identity_as_username true');
    const { connected } = await open({
      url,
      ca: file('house.pem'),
      cert: file('vedette.pem'),
      key: file('vedette.key'),
    });
    await connected();
    expect(await complaintOf({ url, ca: file('house.pem') })).toMatch(/name one in mqtt\.cert|closed|reset/i);
  });

  it('is complained of by what is wrong, and taken all the same where the settings want that', async () => {
    const url = await broker(...tls(), 'allow_anonymous true');
    expect(await complaintOf({ url })).toMatch(/name that authority in mqtt\.ca/);
    expect(await complaintOf({ url, ca: file('stranger.pem') })).toMatch(/mqtt\.ca/);
    const plain = url.replace('mqtts', 'mqtt');
    expect(await complaintOf({ url: plain })).toMatch(/closed|reset/i);
    await (await open({ url, verify: false })).connected();
    const other = await broker(...tls('elsewhere'), 'allow_anonymous true');
    expect(await complaintOf({ url: other.replace('127.0.0.1', 'localhost'), ca: file('house.pem') })).toMatch(
      /for another name.*broker\.example/,
    );
    const noTls = await broker('allow_anonymous true');
    expect(await complaintOf({ url: noTls })).toMatch(/speaks no TLS on this port|reset/i);
  });

  it.each([
    ['is not there', 'nowhere.pem', /mqtt\.ca: .*nowhere\.pem cannot be read \(ENOENT\)/],
    ['holds something else', 'broker.ext', /mqtt\.ca: .*broker\.ext is no PEM file/],
  ])('is not tried with a file that %s', async (_name, name, complaint) => {
    const opening = open({ url: 'mqtts://127.0.0.1:1', ca: file(name) });
    await expect(opening).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(complaint) as string,
    });
  });
});

describe.skipIf(missing)('who is listened to', () => {
  const submit = 'vedette/box/cmd/submit';
  /** Whether a command is answered. */
  async function isHeard(settings: { url: string }, options = {}): Promise<boolean> {
    const { part, source, connected } = await open(settings, options);
    await connected();
    const desk = new Desk(source);
    part.serve(desk);
    const url = part.url.replace('***', 'box:x');
    const commander = opened.add(await Commander.open(url, 'vedette/box/cmd/reply', { protocolVersion: 4 }));
    await commander.send(submit, { url: 'http://camera.lan/gate.mp4' });
    source.create();
    // The broker's word that it has this comes behind the command, if that comes at all.
    await expect.poll(() => part.outbox.size).toBe(0);
    return desk.asked.length > 0;
  }
  const embedded = async () => ({ url: `embedded:${await freePort()}` });

  it('programs of this machine, at the embedded broker, unless they need a key for the same over HTTP', async () => {
    expect(await isHeard(await embedded())).toBe(true);
    expect(await isHeard(await embedded(), { locked: true })).toBe(false);
    expect(await isHeard({ ...(await embedded()), ...{ commands: 'on' } }, { locked: true })).toBe(true);
    expect(await isHeard({ ...(await embedded()), ...{ commands: 'off' } })).toBe(false);
  });

  it('clients of a broker that Vedette has a login for, and of others only if that is said', async () => {
    const { url } = opened.add(await startBroker());
    expect(await isHeard({ url })).toBe(false);
    expect(await isHeard({ url, ...{ commands: 'on' } })).toBe(true);
    const known = { url: url.replace('//', '//box:x@') };
    expect(await isHeard(known)).toBe(true);
    expect(await isHeard(known, { locked: true }), 'no way round the key').toBe(false);
  });

  it('and what Home Assistant was told outlives the daemon', async () => {
    const settings = await embedded();
    const { connected, folder, part } = await open(settings);
    await connected();
    await part.close();
    const memory: unknown = JSON.parse(readFileSync(join(folder, 'home-assistant.json'), 'utf8'));
    expect(memory).toMatchObject({
      topic: 'homeassistant/device/vedette_box/config',
      components: { cancel: 'button' },
    });
    const next = await open({ ...settings, discovery: false }, { folder });
    await next.connected();
    await next.part.close();
    expect(readFileSync(join(folder, 'home-assistant.json'), 'utf8')).toBe('null');
  });
});
