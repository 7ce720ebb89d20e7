// A picture shown to a model, and what it sees in it above a confidence that can be tried.
import type { ModelSight } from '../../../../appliance/contract/model-api.ts';
import type { Models } from '../../state/models.svelte.ts';
import { Refusal } from '../../wire/requests.ts';
import type { Refused } from '../../wire/answers.ts';

export type CheckProblem = { readonly kind: 'no-picture' } | { readonly kind: 'refused'; readonly refused: Refused };

export class Check {
  /** The one that is shown. */
  picture = $state.raw<Blob | null>(null);
  /** What is seen in it; null until the answer is there. */
  sight = $state.raw<ModelSight | null>(null);
  /** True until the answer is there. */
  looking = $state(false);
  problem = $state.raw<CheckProblem | null>(null);
  confidence = $state(0);
  readonly objects = $derived(this.sight?.objects.filter(({ confidence }) => confidence >= this.confidence) ?? []);
  /** The most frequent first. */
  readonly counts = $derived.by(() => {
    const counts = new Map<string, { readonly id: number; readonly count: number }>();
    for (const { class: name, class_id: id } of this.objects)
      counts.set(name, { id, count: (counts.get(name)?.count ?? 0) + 1 });
    return [...counts].map(([name, of]) => ({ name, ...of })).sort((a, b) => b.count - a.count);
  });

  readonly #models: Pick<Models, 'check'>;
  readonly #name: string;
  #asking: AbortController | null = null;

  constructor(models: Pick<Models, 'check'>, name: string, confidence: number) {
    this.#models = models;
    this.#name = name;
    this.confidence = confidence;
  }

  /** `load`: null where what was chosen is no picture. The picture that was shown before goes. */
  async show(load: (signal: AbortSignal) => Promise<Blob | null>): Promise<void> {
    this.close();
    const asking = new AbortController();
    this.#asking = asking;
    const { signal } = asking;
    this.picture = this.sight = this.problem = null;
    this.looking = true;
    try {
      const picture = await load(signal);
      if (signal.aborted) return;
      this.picture = picture;
      if (picture) this.sight = await this.#models.check(this.#name, picture, signal);
      else this.problem = { kind: 'no-picture' };
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.problem = { kind: 'refused', refused: error.refused };
    } finally {
      if (this.#asking === asking) this.looking = false;
    }
  }

  close(): void {
    this.#asking?.abort();
  }
}
