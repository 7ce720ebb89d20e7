// MQTT as the configuration wants it: the embedded broker with Vedette as its client, a broker elsewhere, or none.
import { readFile } from 'node:fs/promises';
import type { SystemView } from '../contract/api.ts';
import { codeOf } from '../contract/errno.ts';
import { Fault } from '../contract/fault.ts';
import { maskUrl } from '../log.ts';
import { MqttMemory } from './mqtt-memory.ts';
import { openBroker } from './publish/broker.ts';
import type { RemovedJobs } from './publish/clearing.ts';
import type { CommandDesk } from './publish/commands.ts';
import { deviceTopic } from './publish/home-assistant-device.ts';
import type { MqttTls } from './publish/mqtt-link.ts';
import { MqttPublisher, type MqttPublisherOptions } from './publish/mqtt.ts';
import type { PictureSource } from './publish/mqtt-pictures.ts';
import type { MqttSettings } from './settings/mqtt-settings.ts';

type Shared = Pick<MqttPublisherOptions, 'node' | 'boot' | 'stream' | 'snapshot' | 'onStateChange' | 'log'>;

export interface MqttPartOptions extends Shared {
  readonly removed: RemovedJobs;
  readonly pictures: PictureSource;
  /** File that says what Home Assistant was told. */
  readonly memory: string;
  /** True where REST asks for a key, also on this machine. */
  readonly locked: boolean;
}

export interface MqttPart {
  /** Of the broker in use, without secrets; 'off' where there is none. */
  readonly url: string;
  readonly state: SystemView['mqtt'];
  /** A sentence with its remedy while something is wrong, else null. */
  readonly complaint: string | null;
  readonly outbox: { readonly size: number; readonly dropped: number };
  /** From now on commands are done; until then they are told to come again. */
  serve(desk: CommandDesk): void;
  close(): Promise<void>;
}

const prefix = 'vedette';
const defaultPort = 1883;

/** Throws Fault 'config-invalid' where a file of a certificate cannot be read. */
export async function openMqtt(settings: MqttSettings, options: MqttPartOptions): Promise<MqttPart> {
  const { removed, pictures, memory: file, locked, ...shared } = options;
  if (settings.url === 'off') return silent('off', null);
  const memory = await MqttMemory.open(file, shared.log);
  const { discovery: enabled, discovery_prefix: homePrefix, buttons } = settings;
  const home = { enabled, prefix: homePrefix, buttons: buttons.map(({ name }) => name), memory };
  const told = { ...shared, prefix, home, pictures: settings.preview ? pictures : undefined };

  const elsewhere = async (url: string): Promise<MqttPart> => {
    const { username, password, client_id: clientId } = settings;
    const tls = await readTls(settings);
    const login = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(clientId !== undefined && { clientId }),
    };
    const heard = mayCommand(settings, { asksForLogin: !locked && isKnownAt(url, settings) });
    const make = (desk: MqttPublisherOptions['desk']) =>
      new MqttPublisher({ ...told, ...login, desk, tls, removed, url });
    return client('external', heard, make, url, () => memory.close());
  };

  if (!settings.url.startsWith('embedded')) return elsewhere(settings.url);
  const port = Number(settings.url.split(':')[1] ?? defaultPort);
  const { node, log } = shared;
  const broker = await openBroker({ port, prefix, node, ownTopics: [deviceTopic(homePrefix, node)], log });
  switch (broker.kind) {
    case 'embedded': {
      const { url, username, password } = broker;
      const heard = mayCommand(settings, { asksForLogin: !locked });
      // aedes speaks MQTT 3.1.1 only.
      const make = (desk: MqttPublisherOptions['desk']) =>
        new MqttPublisher({ ...told, url, username, password, desk, protocolVersion: 4 });
      return client('embedded', heard, make, url, async () => {
        await broker.close();
        await memory.close();
      });
    }
    case 'foreign':
      return elsewhere(broker.url);
    case 'unavailable':
      return silent('embedded', broker.reason);
    default:
      return broker satisfies never;
  }
}

/**
 * `auto` hears nobody where anybody may speak: at a broker that Vedette needs no login for, and at the embedded one where
 * the programs of this machine need a key for the same over HTTP.
 */
function mayCommand({ commands }: MqttSettings, { asksForLogin }: { readonly asksForLogin: boolean }): boolean {
  return commands === 'on' || (commands === 'auto' && asksForLogin);
}

function isKnownAt(url: string, { username, cert }: MqttSettings): boolean {
  return username !== undefined || cert !== undefined || /^\w+:\/\/[^/]*@/.test(url);
}

async function readTls({ ca, cert, key, verify }: MqttSettings): Promise<MqttTls> {
  const [caPem, certPem, keyPem] = await Promise.all([read('ca', ca), read('cert', cert), read('key', key)]);
  return { ca: caPem, cert: certPem, key: keyPem, verify };
}

async function read(name: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  const pem = await readFile(path).catch((cause: unknown) => {
    throw new Fault('config-invalid', `mqtt.${name}: ${path} cannot be read (${codeOf(cause)})`, { cause });
  });
  if (pem.includes('-----BEGIN ')) return pem;
  throw new Fault('config-invalid', `mqtt.${name}: ${path} is no PEM file`);
}

function client(
  mode: 'embedded' | 'external',
  heard: boolean,
  make: (desk: MqttPublisherOptions['desk']) => MqttPublisher,
  url: string,
  closeRest: () => Promise<void>,
): MqttPart {
  const shown = maskUrl(url);
  let desk: CommandDesk | null = null;
  const publisher = make(heard ? () => desk : undefined);
  return {
    url: shown,
    get state() {
      return { mode, connected: publisher.connected };
    },
    get complaint() {
      const { connected, reason } = publisher.state;
      if (connected || reason === null) return null;
      return `The MQTT broker ${shown} is away (${reason}). Start it, or correct mqtt.url; Vedette goes on trying.`;
    },
    get outbox() {
      return publisher.outbox;
    },
    serve: (served) => (desk = served),
    close: async () => {
      await publisher.close();
      await closeRest();
    },
  };
}

function silent(mode: 'embedded' | 'off', complaint: string | null): MqttPart {
  return {
    url: mode,
    state: { mode, connected: false },
    complaint,
    outbox: { size: 0, dropped: 0 },
    serve: () => undefined, // nothing is heard
    close: () => Promise.resolve(),
  };
}
