// Jobs on their way out: gone from sight at once, but asked for only when the time to undo is over.
import type { Appliance } from '../../wire/appliance.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';
import type { Picked } from './selection.svelte.ts';

const undoMs = 6000;
/** In one request, so that stopping is soon. */
const chunkSize = 100;

interface NotRemoved {
  readonly id: string;
  readonly name: string;
  /** The appliance's own words; null where it has none. */
  readonly detail: string | null;
}

export type RemovalState =
  | { readonly kind: 'idle' }
  /** Nothing is sent yet. */
  | { readonly kind: 'undoable'; readonly batch: readonly Picked[] }
  | { readonly kind: 'sending'; readonly done: number; readonly total: number; readonly stopping: boolean }
  /** `kept`: not sent, since it was stopped or refused. */
  | {
      readonly kind: 'told';
      readonly removed: number;
      readonly bytes: number;
      readonly kept: number;
      readonly failed: readonly NotRemoved[];
      readonly refused: Refused | null;
    };

export interface RemovalsOptions {
  readonly appliance: Pick<Appliance, 'removeAll'>;
  readonly onRemoved: (ids: ReadonlySet<string>) => void;
}

export class Removals {
  state = $state.raw<RemovalState>({ kind: 'idle' });
  /** Out of sight; those that stay after all come back. */
  hidden = $state.raw<ReadonlySet<string>>(new Set());

  readonly #options: RemovalsOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** While others are being sent, nothing is taken. Those that can still be undone wait on with the new ones. */
  begin(batch: readonly Picked[]): void {
    if (this.state.kind === 'sending' || batch.length === 0) return;
    const before = this.state.kind === 'undoable' ? this.state.batch : [];
    const all = [...before, ...batch];
    this.hidden = new Set(all.map(({ id }) => id));
    this.state = { kind: 'undoable', batch: all };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(all), undoMs);
  }

  undo(): void {
    if (this.state.kind !== 'undoable') return;
    clearTimeout(this.#timer);
    this.#end({ kind: 'idle' });
  }

  /** What is on its way is finished; the rest stays. */
  stop(): void {
    if (this.state.kind === 'sending') this.state = { ...this.state, stopping: true };
  }

  dismiss(): void {
    if (this.state.kind === 'told') this.state = { kind: 'idle' };
  }

  /** Nothing that is unsent is sent any more. */
  close(): void {
    this.#closed = true;
    this.undo();
    this.stop();
  }

  async #send(batch: readonly Picked[]): Promise<void> {
    this.state = { kind: 'sending', done: 0, total: batch.length, stopping: false };
    const failed: NotRemoved[] = [];
    let [removed, bytes, done] = [0, 0, 0];
    let refused: Refused | null = null;
    while (done < batch.length && !this.#stopping) {
      const chunk = batch.slice(done, done + chunkSize);
      try {
        const results = await this.#options.appliance.removeAll(chunk.map(({ id }) => id));
        const stayed = new Map(results.filter(({ status }) => status === 'failed').map((one) => [one.job_id, one]));
        failed.push(...chunk.filter(({ id }) => stayed.has(id)).map((one) => notRemoved(one, stayed.get(one.id))));
        const gone = chunk.filter(({ id }) => !stayed.has(id));
        removed += gone.length;
        bytes += gone.reduce((sum, one) => sum + one.bytes, 0);
        this.#options.onRemoved(new Set(gone.map(({ id }) => id)));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused = error.refused;
        break;
      }
      done += chunk.length;
      this.state = { kind: 'sending', done, total: batch.length, stopping: this.#stopping };
    }
    this.#end({ kind: 'told', removed, bytes, kept: batch.length - done, failed, refused });
  }

  get #stopping(): boolean {
    return this.#closed || (this.state.kind === 'sending' && this.state.stopping);
  }

  #end(state: RemovalState): void {
    this.hidden = new Set();
    this.state = state;
  }
}

function notRemoved({ id, name }: Picked, told: { readonly detail: string | null } | undefined): NotRemoved {
  return { id, name, detail: told?.detail ?? null };
}
