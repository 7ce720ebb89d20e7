// How machine and daemon fared in the last hour: one sample every ten seconds, kept in memory and told.
import { setTimeout } from 'node:timers/promises';
import type { Vitals, VitalsHistory } from '../contract/system-api.ts';
import type { Log } from '../log.ts';
import { FrameRate } from './frame-rate.ts';
import type { Machine } from './machine.ts';
import type { EventStream } from './publish/stream.ts';
import { Pulse } from './pulse.ts';

export interface VitalsWatchOptions {
  readonly machine: Machine;
  readonly stream: EventStream;
  /** Bytes; null while not measured. */
  readonly diskFree: () => number | null;
  /** Live clients. */
  readonly clients: () => number;
  readonly log: Log;
  readonly everyS?: number;
}

const kept = 360;
/** Who looks at once shall see something. */
const firstMs = 1000;

export class VitalsWatch {
  readonly #options: VitalsWatchOptions;
  readonly #everyS: number;
  readonly #samples: Vitals[] = [];
  readonly #frameRate: FrameRate;
  /** Of its own: what is read by the metrics and by the watchdog begins anew when they say so. */
  readonly #pulse = new Pulse();
  readonly #leaving = new AbortController();
  #watching: Promise<void> | undefined;
  #blind = false;

  constructor(options: VitalsWatchOptions) {
    this.#options = options;
    this.#everyS = options.everyS ?? 10;
    this.#frameRate = new FrameRate(options.stream);
  }

  open(): void {
    this.#watching = this.#watch();
  }

  /** Oldest first. */
  get history(): VitalsHistory {
    return { every_s: this.#everyS, samples: [...this.#samples] };
  }

  get latest(): Vitals | undefined {
    return this.#samples.at(-1);
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    this.#frameRate.close();
    this.#pulse.close();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#leaving;
    await this.#measure(); // shares are told of the time between two readings
    for (let due = performance.now() + firstMs; ; due = Math.max(due + this.#everyS * 1000, performance.now())) {
      const wait = Math.max(0, due - performance.now());
      await setTimeout(wait, undefined, { signal, ref: false }).catch(() => undefined); // closed meanwhile
      if (signal.aborted) return;
      const vitals = await this.#measure();
      if (!vitals || this.#leaving.signal.aborted) continue;
      this.#samples.push(vitals);
      if (this.#samples.length > kept) this.#samples.shift();
      this.#options.stream.emit({ kind: 'vitals-taken', vitals });
    }
  }

  async #measure(): Promise<Vitals | null> {
    const { machine, diskFree, clients, log } = this.#options;
    try {
      const { cpu, memoryUsed, memoryTotal, temperature, gpu } = await machine.read();
      this.#blind = false;
      const delay = this.#pulse.delayMs(99);
      this.#pulse.reset();
      return {
        ts: Date.now(),
        cpu: rounded(cpu, 3),
        memory_used_bytes: memoryUsed,
        memory_total_bytes: memoryTotal,
        temperature_c: temperature === null ? null : rounded(temperature, 1),
        gpu: gpu === null ? null : rounded(gpu, 3),
        disk_free_bytes: diskFree(),
        fps: rounded(this.#frameRate.now, 1),
        loop_delay_ms: rounded(delay, 1),
        clients: clients(),
      };
    } catch (err) {
      if (!this.#blind) log.warn({ err }, 'machine cannot be measured; the charts have a gap');
      this.#blind = true;
      return null;
    }
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
