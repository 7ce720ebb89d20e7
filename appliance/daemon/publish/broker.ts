// The embedded MQTT broker, so that the appliance works without one in the house. Speaks MQTT 3.1.1, keeps all in memory.
import { randomBytes } from 'node:crypto';
import { once, type EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connect } from 'mqtt';
import type { Log } from '../../log.ts';
import { brokerRules } from './broker-rules.ts';
import type { Bound } from './retained-bound.ts';

export interface BrokerOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly host?: string;
  readonly prefix: string;
  readonly node: string;
  readonly log: Log;
  readonly mostClients?: number;
  /** Topics that other clients may have retained, and their bytes. */
  readonly mostRetained?: Bound;
  /** Elsewhere, and yet the appliance's alone. */
  readonly ownTopics?: readonly string[];
}

export type OpenedBroker =
  | {
      readonly kind: 'embedded';
      readonly url: string;
      /** Of the appliance's own client: nobody else may publish its state. New at every start. */
      readonly username: string;
      readonly password: string;
      readonly clients: () => number;
      readonly close: () => Promise<void>;
    }
  /** Another broker holds the port; Vedette is its client. */
  | { readonly kind: 'foreign'; readonly url: string }
  /** The port cannot be had, and no broker answers on it. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** A subscriber that takes nothing for so long is cut: until then the broker waits for it, and everybody with it. */
const drainTimeout = 3_000;
const probeMs = 2_000;

export async function openBroker(options: BrokerOptions): Promise<OpenedBroker> {
  const { port, host = '127.0.0.1', log, mostClients = 200 } = options;
  const username = `vedette-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  const rules = brokerRules({ ...options, username, password });
  const aedes = await Aedes.createBroker({ drainTimeout, ...rules });
  const events: EventEmitter = aedes; // its own types leave `error` out
  events.on('error', (err) => log.error({ err }, 'embedded MQTT broker failed'));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    aedes.handle(socket);
  });
  server.maxConnections = mostClients;

  const refusal = await listen(server, port, host);
  if (refusal) {
    await closeAedes(aedes);
    return explain(refusal, `mqtt://${host}:${port}`, log);
  }
  aedes.on('clientError', (client, err) => log.debug({ client: client.id, err }, 'MQTT client failed'));
  const url = `mqtt://${host}:${portOf(server)}`;
  log.info({ url }, 'embedded MQTT broker listens');
  return {
    kind: 'embedded',
    url,
    username,
    password,
    clients: () => aedes.connectedClients,
    close: async () => {
      const stopped = once(server, 'close');
      server.close();
      await closeAedes(aedes);
      for (const socket of sockets) socket.destroy();
      await stopped;
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(undefined));
  });
}

async function explain(refusal: NodeJS.ErrnoException, url: string, log: Log): Promise<OpenedBroker> {
  if (refusal.code === 'EADDRINUSE' && (await isBroker(url))) {
    log.info({ url }, 'another MQTT broker holds the port, Vedette is its client');
    return { kind: 'foreign', url };
  }
  const held = 'is held by a program that is not an MQTT broker; free it or set another one';
  const reason = `MQTT ${url}: ${refusal.code === 'EADDRINUSE' ? `the port ${held}` : refusal.message}`;
  log.warn({ url, err: refusal }, 'embedded MQTT broker cannot listen');
  return { kind: 'unavailable', reason };
}

/** A CONNACK makes a broker, also one that refuses: it may want a password that Vedette has not been told yet. */
async function isBroker(url: string): Promise<boolean> {
  const client = connect(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: probeMs });
  const answered = await new Promise<boolean>((resolve) => {
    client.on('packetreceive', ({ cmd }) => resolve(cmd === 'connack'));
    client.on('error', () => resolve(false)); // why it is none makes no difference
    client.on('close', () => resolve(false));
  });
  client.end(true);
  return answered;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}
