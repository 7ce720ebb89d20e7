// The appliance at a glance: what runs, and one sentence for each thing that is not as it should be.
import { isDeepStrictEqual } from 'node:util';
import type { SystemView } from '../contract/api.ts';
import type { ModelCard } from '../contract/frame.ts';
import type { EventStream } from './publish/stream.ts';

export interface SystemOptions {
  readonly version: string;
  readonly node: string;
  readonly boot: string;
  readonly stream: EventStream;
  readonly model: () => ModelCard | null;
  readonly mqtt: () => SystemView['mqtt'];
  readonly counts: () => SystemView['jobs'];
  readonly disk: () => SystemView['disk'];
  /** Each gives a sentence with its remedy, or null while its part is well. */
  readonly complaints: readonly (() => string | null)[];
}

export class System {
  readonly #options: SystemOptions;
  readonly #since = Date.now();
  #stopping = false;
  #told: SystemView | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
  }

  view(): SystemView {
    const { version, node, boot, model, mqtt, counts, disk, complaints } = this.#options;
    const reasons = complaints.map((complaint) => complaint()).filter((reason) => reason !== null);
    const card = model();
    return {
      version,
      node,
      boot,
      state: this.#stopping ? 'stopping' : reasons.length > 0 ? 'degraded' : 'ok',
      reasons,
      uptime_s: Math.floor((Date.now() - this.#since) / 1000),
      model: card && { name: card.name, sha256: card.sha256, provider: card.provider, classes: card.classes },
      mqtt: mqtt(),
      jobs: counts(),
      disk: disk(),
    };
  }

  /** Called by whoever noticed a change; tells it only when something but the clock and the counts is new. */
  changed(): void {
    const system = this.view();
    const still = { uptime_s: 0, jobs: system.jobs };
    if (this.#told && isDeepStrictEqual({ ...this.#told, ...still }, { ...system, ...still })) return;
    this.#told = system;
    this.#options.stream.emit({ kind: 'system-changed', system });
  }

  stopping(): void {
    this.#stopping = true;
    this.changed();
  }
}
