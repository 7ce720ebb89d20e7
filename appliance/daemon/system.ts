// The appliance at a glance: what runs, and one sentence for each thing that is not as it should be.
import { isDeepStrictEqual } from 'node:util';
import { type SystemView } from '../contract/api.ts';
import { isoTime } from '../contract/iso-time.ts';
import type { ModelCard, Provider } from '../contract/frame.ts';
import type { EventStream } from './publish/stream.ts';

export interface SystemOptions {
  readonly version: string;
  readonly node: string;
  readonly boot: string;
  readonly stream: EventStream;
  readonly model: () => ModelCard | null;
  /** What is built for the model, and since when (ms since 1970). */
  readonly building: () => { readonly provider: Provider; readonly since: number } | null;
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
    const { version, node, boot, model, building, mqtt, counts, disk, complaints } = this.#options;
    const reasons = complaints.map((complaint) => complaint()).filter((reason) => reason !== null);
    const card = model();
    return {
      version,
      node,
      boot,
      state: this.#stopping ? 'stopping' : reasons.length > 0 ? 'degraded' : 'ok',
      reasons,
      uptime_s: Math.floor((Date.now() - this.#since) / 1000),
      model: card && modelView(card, building()),
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

function modelView(
  { name, sha256, provider, classes }: ModelCard,
  building: ReturnType<SystemOptions['building']>,
): SystemView['model'] {
  const built = building && { provider: building.provider, since: isoTime(building.since) };
  return { name, sha256, provider, classes, building: built };
}
