// The connection to an MQTT broker: kept up, with its will, its fallback to MQTT 3.1.1 and its patience.
// Each connection is a client of its own: MQTT.js's reconnecting would resend history, and at a fixed beat.
import { connect, type MqttClient } from 'mqtt';
import { maskUrl, type Log } from '../../log.ts';
import { describeFailure, refusesVersion } from './mqtt-failure.ts';
import { retainedSend } from './mqtt-retained.ts';
import type { Payload, Send } from './outbox.ts';

export interface MqttLinkOptions {
  /** mqtt, mqtts, ws or wss; may carry user and password. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: MqttTls | undefined;
  /** 5 falls back to 3.1.1 (4) at a broker that refuses it. */
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
  /** Of the daemon: told with every retained message, where the broker speaks MQTT 5. */
  readonly boot: string;
  /** Heard with QoS 1, on every connection. */
  readonly subscriptions: readonly string[];
  /** Retained: said first on every connection, and by the broker when the connection is lost. */
  readonly birth: Said;
  readonly will: Said;
  /** The wait before a new try is drawn from this range, so that a fleet does not come back in step. */
  readonly retryMs: { readonly min: number; readonly max: number };
  /** A broker that owes acknowledgements and gives none for so long is as good as away. */
  readonly ackMs: number;
  readonly log: Log;
  /** `publish` is good until `onDown`: retained, QoS 1. */
  readonly onUp: (publish: Send) => void;
  readonly onDown: () => void;
  readonly onMessage: (message: Heard) => void;
  readonly onStateChange: (state: MqttState) => void;
}

/** For mqtts and wss. PEM. */
export interface MqttTls {
  /** Who may have signed the broker's certificate, in place of those that Node knows. */
  readonly ca?: Buffer | undefined;
  /** The appliance's own. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** False: whatever certificate the broker shows. */
  readonly verify: boolean;
}

/** The last two are of MQTT 5 alone. */
export interface Heard {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly responseTopic: string | undefined;
  readonly correlationData: Buffer | undefined;
}

/** Not retained, and lost with the connection. The last three are told where the broker speaks MQTT 5. */
export interface Remark {
  readonly topic: string;
  readonly payload: Payload;
  readonly qos: 0 | 1;
  readonly contentType: string;
  /** Seconds after which nobody needs it. */
  readonly expiryS: number;
  readonly correlationData?: Buffer | undefined;
}

interface Said {
  readonly topic: string;
  readonly payload: string;
}

/**
 * `connected`: the broker has let Vedette in and acknowledged that it is online.
 * `reason`: why the broker is away; null while it is there, and before the first try has ended.
 */
export interface MqttState {
  readonly connected: boolean;
  readonly reason: string | null;
}

/** On a quiet connection, a broker that is gone is noticed after one and a half times that. */
const keepaliveS = 20;
/** For a broker that takes its time to say who may come in. */
const connackMs = 10_000;
/** For a way to the broker: TCP asks again after 1, 3, 7 seconds, so that a new try finds a repaired network sooner. */
const routeMs = 2_000;
/** Of one message to the appliance; an MQTT 5 broker drops what is larger. */
const mostHeardBytes = 256 * 1024;
/** That a broker may send without having been told that one arrived. */
const mostUnconfirmed = 16;

export class MqttLink {
  readonly #options: MqttLinkOptions;
  readonly #closing = new AbortController();
  #protocolVersion: 4 | 5;
  #state: MqttState = { connected: false, reason: null };
  /** Why it has been away since it was there last. */
  readonly #reasons = new Set<string>();
  #client: MqttClient;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: MqttLinkOptions) {
    this.#options = options;
    this.#protocolVersion = options.protocolVersion;
    this.#client = this.#connect();
  }

  get state(): MqttState {
    return this.#state;
  }

  /** `done`: it has left, or never will. False, and nothing is called, while there is no broker. */
  say({ topic, payload, qos, ...told }: Remark, done: (error?: Error) => void = () => undefined): boolean {
    if (!this.#client.connected || this.#closing.signal.aborted) return false;
    const { contentType, expiryS: messageExpiryInterval, correlationData } = told;
    const properties = { contentType, messageExpiryInterval, ...(correlationData && { correlationData }) };
    this.#client.publish(topic, payload, { qos, properties }, (error) => done(error ?? undefined));
    return true;
  }

  /** Once. Says goodbye, so that the broker forgets the will; cuts the connection where `signal` aborts first. */
  async close(signal: AbortSignal): Promise<void> {
    const client = this.#client;
    const polite = this.#state.connected && !signal.aborted;
    this.#closing.abort();
    clearTimeout(this.#retry);
    if (this.#state.connected) this.#options.onDown();
    await new Promise<void>((resolve) => {
      const cut = () => {
        client.stream.destroy();
        resolve();
      };
      signal.addEventListener('abort', cut, { once: true });
      client.end(!polite, {}, () => {
        signal.removeEventListener('abort', cut);
        resolve();
      });
    });
  }

  #connect(): MqttClient {
    const { url, username, password, tls, clientId, will, onMessage } = this.#options;
    const client = connect(url, {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls && toTlsOptions(tls)),
      clientId,
      protocolVersion: this.#protocolVersion,
      will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true },
      clean: true,
      keepalive: keepaliveS,
      connectTimeout: connackMs,
      reconnectPeriod: 0,
      queueQoSZero: false,
      ...(this.#protocolVersion === 5 && {
        properties: { maximumPacketSize: mostHeardBytes, receiveMaximum: mostUnconfirmed },
      }),
    });
    let failure = new Error('connection closed');
    const giveUp = (reason: string) => {
      failure = new Error(reason);
      client.stream.destroy();
    };
    client.stream.once('connectionAttempt', () => {
      const late = setTimeout(giveUp, routeMs, `no answer within ${routeMs / 1000} s`);
      client.stream.once('connect', () => clearTimeout(late)).once('close', () => clearTimeout(late));
    });
    client.on('connect', () => this.#greet(client, giveUp));
    client.on('message', (topic, payload, { retain, properties }) => {
      const { responseTopic, correlationData } = properties ?? {};
      if (!this.#closing.signal.aborted) onMessage({ topic, payload, retain, responseTopic, correlationData });
    });
    client.on('error', (err) => (failure = err));
    client.on('disconnect', ({ reasonCode }) => (failure = new Error(`disconnected, code ${reasonCode ?? 0}`)));
    client.once('close', () => this.#down(client, failure));
    return client;
  }

  #greet(client: MqttClient, giveUp: (reason: string) => void): void {
    const { birth, ackMs, boot, log } = this.#options;
    this.#subscribe(client);
    const owing = () => giveUp(`no acknowledgement within ${ackMs / 1000} s`);
    const publish = retainedSend(client, { ackMs, boot, giveUp: owing, log });
    publish(birth.topic, birth.payload, () => this.#up(publish));
  }

  /** Before the appliance says that it is online: who hears that may speak to it. */
  #subscribe(client: MqttClient): void {
    const { subscriptions, log } = this.#options;
    if (subscriptions.length === 0) return;
    // As published: a message that is retained says so even when it was published just now (MQTT 5, 3.8.3.1).
    client.subscribe([...subscriptions], { qos: 1, rap: true }, (err, granted = []) => {
      if (!client.connected) return;
      const refused = err ? subscriptions : granted.filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
      if (refused.length > 0) log.warn({ err, topics: refused }, 'MQTT broker refuses to let Vedette subscribe');
    });
  }

  #up(publish: Send): void {
    if (this.#closing.signal.aborted) return;
    const { url, log, onUp } = this.#options;
    log.info({ broker: maskUrl(url), protocolVersion: this.#protocolVersion }, 'MQTT broker connected');
    this.#reasons.clear();
    // First: what is told on the way up would still say that the broker is away.
    this.#setState({ connected: true, reason: null });
    onUp(publish);
  }

  #down(client: MqttClient, failure: Error): void {
    if (this.#closing.signal.aborted) return;
    client.end(true);
    if (this.#protocolVersion === 5 && refusesVersion(failure)) {
      this.#protocolVersion = 4;
      this.#client = this.#connect();
      return;
    }
    const { url, retryMs, log, onDown } = this.#options;
    const reason = describeFailure(failure);
    // one line for each reason, not one for each try
    if (!this.#reasons.has(reason)) log.warn({ broker: maskUrl(url), reason }, 'MQTT broker away');
    this.#reasons.add(reason);
    if (this.#state.connected) onDown();
    this.#setState({ connected: false, reason });
    const wait = retryMs.min + Math.random() * (retryMs.max - retryMs.min);
    this.#retry = setTimeout(() => (this.#client = this.#connect()), wait);
  }

  #setState(state: MqttState): void {
    const same = state.connected === this.#state.connected && state.reason === this.#state.reason;
    this.#state = state;
    if (!same) this.#options.onStateChange(state);
  }
}

function toTlsOptions({ ca, cert, key, verify }: MqttTls) {
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized: verify };
}
