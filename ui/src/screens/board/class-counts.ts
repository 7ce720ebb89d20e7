// Which classes were found, how many of each, and by which id each goes, so that it has its colour everywhere. Pure.
import type { JobItem, SystemView } from '../../../../appliance/contract/api.ts';
import type { ModelView } from '../../../../appliance/contract/model-api.ts';

interface ClassCount {
  readonly name: string;
  readonly count: number;
}

export interface Leading {
  /** The most found first; of equals the first by name. */
  readonly first: readonly ClassCount[];
  /** What is left, together. */
  readonly rest: { readonly classes: number; readonly count: number };
}

/** The `most` classes that were found most often. */
export function leading(counts: Readonly<Record<string, number>>, most: number): Leading {
  const sorted = Object.entries(counts)
    .map(([name, count]): ClassCount => ({ name, count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const others = sorted.slice(most);
  const count = others.reduce((sum, other) => sum + other.count, 0);
  return { first: sorted.slice(0, most), rest: { classes: others.length, count } };
}

/**
 * `known`: the model's own names by id; `aliases`: the names that they are told by. A name that is not among them gets
 * an id made of its letters: the same for one name.
 */
export function classIdOf(
  name: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>> = {},
): number {
  const own = Object.entries(aliases).find(([, told]) => told === name)?.[0] ?? name;
  const id = known.indexOf(own);
  return id >= 0 ? id : Array.from(name).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7);
}

/** Class names by id of the model that a job ran on; none where that model is not known here. */
export function classesOf(
  { model }: Pick<JobItem, 'model'>,
  system: SystemView | null,
  models: readonly ModelView[] | null,
): readonly string[] {
  if (model === null) return [];
  if (system?.model?.sha256 === model.sha256) return system.model.classes;
  return models?.find(({ card }) => card?.sha256 === model.sha256)?.card?.classes ?? [];
}
