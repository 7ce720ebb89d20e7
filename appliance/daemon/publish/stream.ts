// The one typed event stream of the daemon: facts about what is already recorded, told to every publisher.
import type { ApplianceEvent } from '../../contract/events.ts';
import type { Log } from '../../log.ts';

export type EventKind = ApplianceEvent['kind'];
export type EventOf<K extends EventKind> = Extract<ApplianceEvent, { readonly kind: K }>;

interface Subscription {
  readonly hear: (event: ApplianceEvent) => void;
}

export class EventStream {
  readonly #log: Log;
  readonly #subscriptions = new Set<Subscription>();
  readonly #waiting: ApplianceEvent[] = [];
  #telling = false;

  constructor({ log }: { log: Log }) {
    this.#log = log;
  }

  /** Hears every event of one kind, in order, until the function that it returns is called. */
  on<K extends EventKind>(kind: K, listener: (event: EventOf<K>) => void): () => void {
    const subscription: Subscription = {
      hear: (event) => {
        if (isOfKind(event, kind)) listener(event);
      },
    };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /**
   * Tells every listener before it returns. An event emitted by a listener is told after the one under way,
   * so that nobody hears the two in the wrong order. A listener that throws is logged; the others still hear.
   */
  emit(event: ApplianceEvent): void {
    this.#waiting.push(event);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#tell(next);
    this.#telling = false;
  }

  #tell(event: ApplianceEvent): void {
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      try {
        subscription.hear(event);
      } catch (err) {
        this.#log.error({ err, kind: event.kind }, 'event listener threw');
      }
    }
  }
}

function isOfKind<K extends EventKind>(event: ApplianceEvent, kind: K): event is EventOf<K> {
  return event.kind === kind;
}
