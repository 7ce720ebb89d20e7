// The connection to an MQTT broker: kept up, with its will, its fallback to MQTT 3.1.1 and its patience.
// Each connection is a client of its own: MQTT.js's reconnecting would resend history, and at a fixed beat.
import { connect, ErrorWithReasonCode, type MqttClient } from 'mqtt';
import { maskUrl, type Log } from '../../log.ts';
import type { Send } from './outbox.ts';

export interface MqttLinkOptions {
  /** mqtt, mqtts, ws or wss; may carry user and password. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** 5 falls back to 3.1.1 (4) at a broker that refuses it. */
  readonly protocolVersion: 4 | 5;
  readonly clientId: string;
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
  readonly onStateChange: (state: MqttState) => void;
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

/** CONNACK: unacceptable protocol version (MQTT 3.1.1, 3.2.2.3), unsupported protocol version (MQTT 5, 3.2.2.2). */
const versionRefusals: readonly number[] = [1, 132];

/** On a quiet connection, a broker that is gone is noticed after one and a half times that. */
const keepaliveS = 20;
/** For a broker that takes its time to say who may come in. */
const connackMs = 10_000;
/** For a way to the broker: TCP asks again after 1, 3, 7 seconds, so that a new try finds a repaired network sooner. */
const routeMs = 2_000;

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
    const { url, username, password, clientId, will } = this.#options;
    const client = connect(url, {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      clientId,
      protocolVersion: this.#protocolVersion,
      will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true },
      clean: true,
      keepalive: keepaliveS,
      connectTimeout: connackMs,
      reconnectPeriod: 0,
      queueQoSZero: false,
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
    client.on('error', (err) => (failure = err));
    client.on('disconnect', ({ reasonCode }) => (failure = new Error(`disconnected, code ${reasonCode ?? 0}`)));
    client.once('close', () => this.#down(client, failure));
    return client;
  }

  #greet(client: MqttClient, giveUp: (reason: string) => void): void {
    const { birth, ackMs } = this.#options;
    const publish = this.#publisher(client, () => giveUp(`no acknowledgement within ${ackMs / 1000} s`));
    publish(birth.topic, birth.payload, () => this.#up(publish));
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

  /** Says nothing more of what is under way when the connection breaks: whoever sent it hears of that by `onDown`. */
  #publisher(client: MqttClient, giveUp: () => void): Send {
    const { ackMs, log } = this.#options;
    let owed = 0;
    let refused = false;
    let patience: NodeJS.Timeout | undefined;
    const wait = () => {
      clearTimeout(patience);
      patience = owed > 0 ? setTimeout(giveUp, ackMs) : undefined;
    };
    client.once('close', () => clearTimeout(patience));
    return (topic, payload, done) => {
      owed += 1;
      if (owed === 1) wait();
      client.publish(topic, payload, { qos: 1, retain: true }, (err) => {
        if (!client.connected) return;
        owed -= 1;
        wait();
        // one line for each connection, not one for each message
        if (err && !refused) log.warn({ err, topic }, 'MQTT broker refuses to publish');
        refused ||= err instanceof Error;
        done(err ?? undefined);
      });
    };
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
    const reason = describe(failure);
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

function refusesVersion(failure: Error): boolean {
  return failure instanceof ErrorWithReasonCode && versionRefusals.includes(failure.code);
}

/** A name with several addresses fails with an AggregateError, which has a code but no message. */
function describe(err: Error & { code?: unknown }): string {
  return err.message || (typeof err.code === 'string' ? err.code : err.name);
}
