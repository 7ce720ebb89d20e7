// Tells Home Assistant by MQTT discovery what the appliance is and how it fares, and takes away what is no more.
import type { Log } from '../../log.ts';
import type { Job } from '../../contract/job.ts';
import { type Components, componentsOf, deviceTopic, toDevicePayload } from './home-assistant-device.ts';
import { HomeState, mostClasses } from './home-assistant-state.ts';
import type { Outbox } from './outbox.ts';
import type { Snapshot } from './snapshot.ts';
import type { EventStream } from './stream.ts';
import type { Topics } from './topics.ts';

/** What a broker may still hold. */
export interface Announced {
  readonly topic: string;
  /** Platforms by key. */
  readonly components: Readonly<Record<string, string>>;
  /** Topics beside it. */
  readonly retained: readonly string[];
  /** Class names that components stand for. */
  readonly classes: readonly string[];
}

/** Outlives the daemon, as what is retained does. */
export interface AnnouncedMemory {
  read(): Announced | null;
  /** In order, and soon; never throws. */
  write(announced: Announced | null): void;
}

export interface HomeAssistantSettings {
  /** False: what was announced is taken away. */
  readonly enabled: boolean;
  /** As Home Assistant's own setting has it, such as `homeassistant`. */
  readonly prefix: string;
  /** Submits that a button each stands for, by name. */
  readonly buttons: readonly string[];
  readonly memory: AnnouncedMemory;
  /** Range of the wait before it is told all again when it has started, ms. */
  readonly reannounceMs?: { readonly min: number; readonly max: number };
}

export interface HomeAssistantOptions extends HomeAssistantSettings {
  readonly node: string;
  readonly boot: string;
  readonly topics: Topics;
  readonly commands: boolean;
  readonly pictures: boolean;
  readonly outbox: Outbox;
  readonly stream: EventStream;
  readonly snapshot: Snapshot;
  readonly log: Log;
  readonly stateEveryMs?: number;
}

/** It subscribes first, and a fleet does not speak all at once. */
const defaultReannounceMs = { min: 1_000, max: 5_000 };
const defaultStateMs = 1_000;
const seeded = 100;

export class HomeAssistant {
  readonly #options: HomeAssistantOptions;
  readonly #topic: string;
  readonly #state = new HomeState();
  readonly #unsubscribe: readonly (() => void)[];
  /** As they were told last; null before that. */
  #components: string | null = null;
  /** Of the model that was in use last: while another one is loaded, or none can be, nothing is taken away. */
  #classes: readonly string[];
  /** What was told of the last job. */
  #toldLast = '';
  #told = '';
  #toldAt = -Infinity;
  #stateTimer: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #begun = false;

  constructor(options: HomeAssistantOptions) {
    this.#options = options;
    this.#topic = deviceTopic(options.prefix, options.node);
    const { stream, enabled, memory } = options;
    this.#classes = memory.read()?.classes ?? [];
    const hear = ({ job }: { readonly job: Job }) => {
      this.#state.hear(job);
      this.#changed();
    };
    this.#unsubscribe = enabled
      ? [
          stream.on('job-changed', hear),
          stream.on('job-progressed', hear),
          stream.on('job-removed', ({ jobId }) => {
            this.#state.forget(jobId);
            this.#changed();
          }),
          stream.on('system-changed', () => {
            if (this.#begun && this.#components !== JSON.stringify(this.#current())) this.#announce();
            this.#changed();
          }),
        ]
      : [];
  }

  /** Where it says that it has started; null where nobody listens for that. */
  get filter(): string | null {
    return this.#options.enabled ? `${this.#options.prefix}/status` : null;
  }

  /** False for what is not its own. */
  hear(topic: string, text: string): boolean {
    if (topic !== this.filter) return false;
    if (text !== 'online' || this.#again) return true;
    const { min, max } = this.#options.reannounceMs ?? defaultReannounceMs;
    this.#again = setTimeout(
      () => {
        this.#again = undefined;
        this.#announce();
      },
      min + Math.random() * (max - min),
    );
    return true;
  }

  /** The broker is there, and may have forgotten all. */
  greet(): void {
    this.#clearOld();
    if (!this.#options.enabled) return;
    if (!this.#begun) this.#state.seed(this.#options.snapshot.newest(seeded));
    this.#begun = true;
    this.#announce();
    this.#told = this.#toldLast = '';
    this.#tellState();
  }

  /** Tells what waits. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearTimeout(this.#again);
    if (this.#stateTimer) this.#tellState();
  }

  #current(): Components {
    const { version, model } = this.#options.snapshot.system();
    this.#classes = model?.classes.slice(0, mostClasses) ?? this.#classes;
    return componentsOf({ ...this.#options, version, classes: this.#classes });
  }

  /** Topics that are of no use without the device. */
  #retained(): string[] {
    const { enabled, topics, pictures } = this.#options;
    if (!enabled) return [];
    return [topics.state, topics.last, ...(pictures ? [topics.poster] : [])];
  }

  /** What stands elsewhere, or stands no more: an empty payload takes the device away. */
  #clearOld(): void {
    const { memory, outbox, enabled } = this.#options;
    const old = memory.read();
    if (!old) return;
    const kept = this.#retained();
    for (const topic of old.retained) if (!kept.includes(topic)) outbox.put(topic, '');
    if (enabled && old.topic === this.#topic) return;
    outbox.put(old.topic, '', () => {
      if (memory.read()?.topic === old.topic) memory.write(null);
    });
  }

  /**
   * What was there before and is no more is taken away first, and then left out, as the documentation wants it. It is
   * remembered until the broker has heard of that.
   */
  #announce(): void {
    const { memory, outbox, snapshot, log } = this.#options;
    const components = this.#current();
    const device = { ...this.#options, version: snapshot.system().version };
    const told = JSON.stringify(components);
    this.#components = told;
    const now: Announced = {
      topic: this.#topic,
      components: Object.fromEntries(Object.entries(components).map(([key, { platform }]) => [key, platform])),
      retained: this.#retained(),
      classes: this.#classes,
    };
    const before = memory.read();
    const were = before?.topic === this.#topic ? before.components : {};
    const gone = Object.fromEntries(Object.entries(were).filter(([key, was]) => now.components[key] !== was));
    if (Object.keys(gone).length === 0) {
      memory.write(now);
      outbox.put(this.#topic, toDevicePayload(device, components));
      return;
    }
    log.info({ components: Object.keys(gone) }, 'taken away from Home Assistant');
    memory.write({ ...now, components: { ...now.components, ...gone } });
    // One that comes back as another platform cannot stand there twice.
    const kept = Object.fromEntries(Object.entries(components).filter(([key]) => !(key in gone)));
    outbox.put(this.#topic, toDevicePayload(device, kept, gone), () => {
      if (this.#components !== told) return; // something newer is on its way
      memory.write(now);
      outbox.put(this.#topic, toDevicePayload(device, components));
    });
  }

  /** At once, and from then on no more often than it may be. */
  #changed(): void {
    if (!this.#begun || this.#stateTimer) return;
    const { stateEveryMs = defaultStateMs } = this.#options;
    const wait = this.#toldAt + stateEveryMs - performance.now();
    if (wait <= 0) return this.#tellState();
    this.#stateTimer = setTimeout(() => this.#tellState(), wait);
  }

  #tellState(): void {
    clearTimeout(this.#stateTimer);
    this.#stateTimer = undefined;
    const { snapshot, outbox, topics, boot } = this.#options;
    const head = { v: 1, ts: Date.now(), boot };
    const last = this.#state.toLastView(this.#classes);
    const lastText = JSON.stringify(last);
    if (lastText !== this.#toldLast) outbox.put(topics.last, JSON.stringify({ ...head, ...last }));
    this.#toldLast = lastText;
    const view = this.#state.toView(snapshot.system());
    const text = JSON.stringify(view);
    if (text === this.#told) return;
    this.#told = text;
    this.#toldAt = performance.now();
    outbox.put(topics.state, JSON.stringify({ ...head, ...view }));
  }
}
