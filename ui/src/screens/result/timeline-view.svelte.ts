// The timeline of a job on the screen: which span is shown, and what is known of it, as finely as is asked for.
import type { Timeline } from '../../../../appliance/contract/timeline.ts';
import type { Refused } from '../../wire/answers.ts';
import { Refusal } from '../../wire/requests.ts';
import { following, moved, type Span, zoomed } from './moments.ts';

export interface TimelineViewOptions {
  /** Null for a span: all of it. Throws Refusal. */
  readonly load: (span: readonly [number, number] | null, signal: AbortSignal) => Promise<Timeline>;
  /** Of the source, in seconds; 0 where it is not known. */
  readonly duration: number;
}

export class TimelineView {
  /** Of the whole video; null until it is known. */
  overview: Timeline | null = $state.raw(null);
  problem: Refused | null = $state.raw(null);
  /** Null: the whole. */
  #span: Span | null = $state.raw(null);
  #detail: Timeline | null = $state.raw(null);
  readonly #duration: number;
  readonly whole: Span = $derived.by(() => ({
    from: 0,
    to: Math.max(this.overview?.to_s ?? this.#duration, 0.04),
  }));
  readonly span: Span = $derived(this.#span ?? this.whole);
  readonly zoomed: boolean = $derived(this.#span !== null);

  readonly #load: TimelineViewOptions['load'];
  #asking: AbortController | null = null;
  #overviewAsking: AbortController | null = null;
  /** The job found more while the answer was on its way. */
  #again = false;

  constructor({ load, duration }: TimelineViewOptions) {
    this.#load = load;
    this.#duration = duration;
  }

  /** The finest that is known of what is shown; bins of a coarser one reach beyond it. */
  get shown(): Timeline | null {
    const detail = this.#detail;
    const covers = detail !== null && detail.from_s <= this.span.from + 0.001 && detail.to_s >= this.span.to - 0.001;
    return this.#span !== null && covers ? detail : this.overview;
  }

  /** Asks for the whole, again where the job has found more. */
  async refresh(): Promise<void> {
    if (this.#overviewAsking) {
      this.#again = true;
      return;
    }
    const asking = new AbortController();
    this.#overviewAsking = asking;
    try {
      const overview = await this.#load(null, asking.signal);
      if (asking.signal.aborted) return;
      this.overview = overview;
      this.problem = null;
    } catch (error) {
      this.#fail(error, asking.signal);
    } finally {
      if (this.#overviewAsking === asking) {
        this.#overviewAsking = null;
        if (this.#again && !asking.signal.aborted) {
          this.#again = false;
          void this.refresh();
        }
      }
    }
  }

  /** From now on `load` brings another one: nothing that is known of this one holds. */
  restart(): void {
    this.close();
    this.#overviewAsking = null;
    this.#again = false;
    this.overview = null;
    this.#detail = null;
    void this.refresh();
    if (this.#span !== null) void this.#refine(this.#span);
  }

  /** `factor` > 1 shows less; the moment `about` stays where it is. */
  zoom(factor: number, about: number): void {
    this.show(zoomed(this.span, factor, about, this.whole));
  }

  move(seconds: number): void {
    if (this.#span !== null) this.show(moved(this.#span, seconds, this.whole));
  }

  /** Keeps the moment in sight. */
  follow(seconds: number): void {
    if (this.#span === null) return;
    const span = following(this.#span, seconds, this.whole);
    if (span !== this.#span) this.show(span);
  }

  show(span: Span): void {
    const all = span.to - span.from >= this.whole.to - this.whole.from - 0.001;
    this.#span = all ? null : span;
    this.#asking?.abort();
    if (!all) void this.#refine(span);
  }

  close(): void {
    this.#asking?.abort();
    this.#overviewAsking?.abort();
  }

  /** The newest span wins; one that is moved on before its answer came is not asked for to the end. */
  async #refine({ from, to }: Span): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    // A margin, so that a small move finds it already there.
    const margin = (to - from) / 4;
    try {
      const detail = await this.#load([Math.max(from - margin, 0), to + margin], asking.signal);
      if (!asking.signal.aborted) this.#detail = detail;
    } catch (error) {
      this.#fail(error, asking.signal);
    }
  }

  #fail(error: unknown, { aborted }: AbortSignal): void {
    if (aborted) return;
    if (!(error instanceof Refusal)) throw error;
    this.problem = error.refused;
  }
}
