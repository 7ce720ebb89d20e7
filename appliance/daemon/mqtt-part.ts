// MQTT as the configuration wants it: the embedded broker with Vedette as its client, a broker elsewhere, or none.
import type { SystemView } from '../contract/api.ts';
import { maskUrl } from '../log.ts';
import { openBroker } from './publish/broker.ts';
import type { RemovedJobs } from './publish/clearing.ts';
import { MqttPublisher, type MqttPublisherOptions } from './publish/mqtt.ts';

export interface MqttSettings {
  /** `off`, `embedded`, `embedded:PORT` or a URL. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

type Shared = Pick<MqttPublisherOptions, 'node' | 'boot' | 'stream' | 'snapshot' | 'onStateChange' | 'log'> & {
  readonly removed: RemovedJobs;
};

export interface MqttPart {
  /** Of the broker in use, without secrets; 'off' where there is none. */
  readonly url: string;
  readonly state: SystemView['mqtt'];
  /** A sentence with its remedy while something is wrong, else null. */
  readonly complaint: string | null;
  readonly outbox: { readonly size: number; readonly dropped: number };
  close(): Promise<void>;
}

const prefix = 'vedette';
const defaultPort = 1883;

export async function openMqtt(settings: MqttSettings, { removed, ...shared }: Shared): Promise<MqttPart> {
  const { url, username, password } = settings;
  if (url === 'off') return silent('off', null);
  if (!url.startsWith('embedded')) {
    const login = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
    const publisher = new MqttPublisher({ ...shared, ...login, removed, url, prefix });
    return client('external', publisher, url, () => Promise.resolve());
  }
  const port = Number(url.split(':')[1] ?? defaultPort);
  const broker = await openBroker({ port, prefix, node: shared.node, log: shared.log });
  switch (broker.kind) {
    case 'embedded': {
      const { username, password } = broker;
      // aedes speaks MQTT 3.1.1 only.
      const publisher = new MqttPublisher({
        ...shared,
        url: broker.url,
        username,
        password,
        prefix,
        protocolVersion: 4,
      });
      return client('embedded', publisher, broker.url, () => broker.close());
    }
    case 'foreign':
      return openMqtt({ ...settings, url: broker.url }, { ...shared, removed });
    case 'unavailable':
      return silent('embedded', broker.reason);
    default:
      return broker satisfies never;
  }
}

function client(
  mode: 'embedded' | 'external',
  publisher: MqttPublisher,
  url: string,
  closeBroker: () => Promise<void>,
): MqttPart {
  const shown = maskUrl(url);
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
    close: async () => {
      await publisher.close();
      await closeBroker();
    },
  };
}

function silent(mode: 'embedded' | 'off', complaint: string | null): MqttPart {
  return {
    url: mode,
    state: { mode, connected: false },
    complaint,
    outbox: { size: 0, dropped: 0 },
    close: () => Promise.resolve(),
  };
}
