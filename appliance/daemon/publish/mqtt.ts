// What the appliance says on MQTT: retained state of itself and of its jobs, the newest only, whenever a broker is there.
import { isFinal, type Job } from '../../contract/job.ts';
import type { Log } from '../../log.ts';
import { Clearing, type RemovedJobs } from './clearing.ts';
import { type CommandDesk, Commands } from './commands.ts';
import { HomeAssistant, type HomeAssistantSettings } from './home-assistant.ts';
import { type Heard, MqttLink, type MqttState, type MqttTls } from './mqtt-link.ts';
import { MqttPictures, type PictureSource } from './mqtt-pictures.ts';
import { Outbox, type Send } from './outbox.ts';
import { Pace } from './pace.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';
import { toClientId, toJobPayload, topicsOf, toResultPayload, toStatusPayload, type Topics } from './topics.ts';

export interface MqttPublisherOptions {
  /** mqtt, mqtts, ws or wss; may carry user and password. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: MqttTls;
  /** Told from the node's name unless given. */
  readonly clientId?: string;
  /** 5 (the default) falls back to 3.1.1 (4) at a broker that refuses it; the embedded broker speaks 4. */
  readonly protocolVersion?: 4 | 5;
  readonly prefix: string;
  readonly node: string;
  readonly boot: string;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  /** For a broker that keeps its topics longer than the daemon runs. */
  readonly removed?: RemovedJobs;
  /** Who does what is asked for over MQTT, null while it is not there yet. Without it nothing is heard. */
  readonly desk?: (() => CommandDesk | null) | undefined;
  readonly home?: HomeAssistantSettings;
  /** Without it no picture leaves. */
  readonly pictures?: PictureSource | undefined;
  readonly log: Log;
  readonly onStateChange?: (state: MqttState) => void;
  /** Shortest time between two messages of one job's progress. */
  readonly intervalMs?: number;
  /** Range of the wait before a new try. */
  readonly retryMs?: { readonly min: number; readonly max: number };
  /** Longest that the broker may owe an acknowledgement. */
  readonly ackMs?: number;
}

const newestJobs = 100;
const mostTopics = 10_000;
/** With `online` one more: brokers cut who has more in flight than their Receive Maximum, which may be as low as 10. */
const mostInFlight = 8;
const closeMs = 1_000;
/** Short, since all must be right again soon after the broker is back. One try costs a millisecond. */
const defaultRetryMs = { min: 500, max: 1_000 };
/** Brokers under load have been seen to take seconds. */
const defaultAckMs = 10_000;

export class MqttPublisher {
  readonly #boot: string;
  readonly #snapshot: Snapshot;
  readonly #topics: Topics;
  readonly #outbox = new Outbox({ mostTopics, mostInFlight });
  readonly #clearing: Clearing;
  readonly #pace: Pace;
  readonly #commands: Commands | null;
  readonly #home: HomeAssistant | null;
  readonly #pictures: MqttPictures | null;
  readonly #link: MqttLink;
  readonly #unsubscribe: readonly (() => void)[];
  #closed: Promise<void> | undefined;

  constructor(options: MqttPublisherOptions) {
    const { stream, node, prefix, boot, snapshot, desk, home, pictures: source, log } = options;
    const { removed = null, intervalMs = 1_000 } = options;
    this.#boot = boot;
    this.#snapshot = snapshot;
    this.#topics = topicsOf(prefix, node);
    this.#clearing = new Clearing({ outbox: this.#outbox, topics: this.#topics, removed, log });
    this.#pace = new Pace({ intervalMs, deliver: (job) => this.#putJob(job) });
    this.#unsubscribe = [
      stream.on('job-changed', ({ job }) => this.#tellState(job)),
      stream.on('job-progressed', ({ job }) => this.#pace.offer(job)),
      stream.on('job-removed', ({ jobId }) => this.#clear(jobId)),
      stream.on('system-changed', ({ system }) => this.#outbox.put(this.#topics.status, toStatusPayload(system))),
    ];
    const shared = { stream, snapshot, outbox: this.#outbox, topics: this.#topics, log };
    const say: MqttLink['say'] = (remark, done) => this.#link.say(remark, done);
    const keptTopics = [this.#topics.base, ...(home ? [home.prefix] : [])];
    this.#commands = desk ? new Commands({ ...shared, desk, keptTopics, say }) : null;
    const also = { node, boot, commands: desk !== undefined, pictures: source !== undefined };
    this.#home = home ? new HomeAssistant({ ...shared, ...also, ...home }) : null;
    this.#pictures = source ? new MqttPictures({ ...shared, source, say }) : null;
    this.#link = new MqttLink({
      url: options.url,
      username: options.username,
      password: options.password,
      tls: options.tls,
      boot,
      protocolVersion: options.protocolVersion ?? 5,
      clientId: options.clientId ?? toClientId(node),
      subscriptions: [...(this.#commands?.filters ?? []), ...(this.#home?.filter ? [this.#home.filter] : [])],
      birth: { topic: this.#topics.availability, payload: 'online' },
      will: { topic: this.#topics.availability, payload: 'offline' },
      retryMs: options.retryMs ?? defaultRetryMs,
      ackMs: options.ackMs ?? defaultAckMs,
      log,
      onUp: (publish) => this.#greet(publish),
      onDown: () => {
        this.#outbox.suspend();
        this.#commands?.disconnected();
      },
      onMessage: (message) => this.#hear(message),
      onStateChange: options.onStateChange ?? (() => undefined),
    });
  }

  get state(): MqttState {
    return this.#link.state;
  }

  get connected(): boolean {
    return this.#link.state.connected;
  }

  /** Topics that the broker has not acknowledged yet, and payloads lost because too many waited. */
  get outbox(): { readonly size: number; readonly dropped: number } {
    return this.#outbox;
  }

  /**
   * Delivers what waits and `offline` behind it, then says goodbye. After 1 s the connection is cut instead,
   * and the broker says `offline` by the last will.
   */
  close(): Promise<void> {
    return (this.#closed ??= this.#goodbye());
  }

  async #goodbye(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#pace.flushAll();
    this.#pace.close();
    this.#home?.close();
    this.#pictures?.close();
    const patience = AbortSignal.timeout(closeMs);
    if (this.connected) {
      this.#outbox.put(this.#topics.availability, 'offline');
      await this.#outbox.emptied(patience);
    }
    await this.#link.close(patience);
  }

  /** The broker may have lost everything, and has missed what happened meanwhile: it hears all that is current. */
  #greet(publish: Send): void {
    this.#outbox.put(this.#topics.status, toStatusPayload(this.#snapshot.system()));
    for (const job of this.#snapshot.newest(newestJobs)) this.#tellState(job);
    this.#clearing.takeUp();
    this.#home?.greet();
    this.#pictures?.greet();
    this.#outbox.open(publish);
  }

  #hear(message: Heard): void {
    if (this.#commands?.hear(message)) return;
    this.#home?.hear(message.topic, message.payload.toString('utf8', 0, 100));
  }

  #tellState(job: Job): void {
    this.#pace.now(job);
    if (!isFinal(job.status)) return;
    this.#pace.drop(job.id);
    // What others have worked on lies with them.
    if (job.status === 'completed' && !job.outside) this.#outbox.put(this.#topics.result(job.id), toResultPayload(job));
  }

  #putJob(job: Job): void {
    this.#outbox.put(this.#topics.job(job.id), toJobPayload(job, this.#boot));
  }

  #clear(jobId: string): void {
    this.#pace.drop(jobId);
    this.#clearing.clear(jobId);
  }
}
