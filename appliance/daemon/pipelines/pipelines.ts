// The pipelines that jobs may name.
import type { PipelineView } from '../../contract/pipeline-api.ts';
import { annotatedPlan, type Plan, plainPlan } from '../../contract/plan.ts';
import { type Book, emptyBook } from './book.ts';
import { placeOf } from './place.ts';
import { planOf } from './plans.ts';

/** What a pipeline analyses by where a submit names nothing. */
export interface Usual {
  readonly plugin: string | null;
  readonly tools: readonly string[];
}

const nothing: Usual = { plugin: null, tools: [] };

export class Pipelines {
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #book: Book;

  constructor(book: Book = emptyBook) {
    this.#book = book;
    this.#plans = new Map(Object.entries(book.pipelines).map(([name, one]) => [name, planOf(name, one)]));
  }

  get names(): readonly string[] {
    return [...this.#plans.keys()];
  }

  get(name: string): Plan | undefined {
    return this.#plans.get(name);
  }

  usual(name: string): Usual {
    if (!this.#plans.has(name)) return nothing;
    const { plugin = null, tools = [] } = this.#book.pipelines[name]?.stages.analyse ?? {};
    return { plugin, tools };
  }

  /** Of a job that names none. */
  plain(annotated: boolean): Plan {
    return annotated ? annotatedPlan : plainPlan;
  }

  list(): PipelineView[] {
    return [...this.#plans].map(([name, { stages, clips, deliver }]) => {
      const { plugin, tools } = this.usual(name);
      return {
        name,
        description: this.#book.pipelines[name]?.description ?? '',
        stages: [...stages],
        plugin_id: plugin,
        tools: [...tools],
        clips: [...clips],
        delivers_to: deliver.flatMap((target) => {
          const one = this.#book.targets[target];
          return one ? [{ target, kind: one.kind, place: placeOf(one, '<job_id>') }] : [];
        }),
      };
    });
  }
}
