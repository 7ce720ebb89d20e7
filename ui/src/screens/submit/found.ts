// Which of the things that a model sees would be told, and how many of each. Pure.
import type { ModelView } from '../../../../appliance/contract/model-api.ts';
import type { SeenObject } from '../../../../appliance/contract/preview.ts';
import type { Choice } from '../../state/choice.ts';

/** The choice where something was chosen, else what is set of the model. */
export function confidenceOf(choice: Choice, model: ModelView | null): number {
  return choice.confidence ?? model?.settings.confidence ?? 0.25;
}

/** The same in percent, for `Figures.percent`, which rounds down: 0.29 * 100 is a little less than 29. */
export function percentOf(choice: Choice, model: ModelView | null): number {
  return confidenceOf(choice, model) * 100 + 1e-6;
}

/** Null: all. */
export function classesOf(choice: Choice, model: ModelView | null): readonly string[] | null {
  return choice.classes ?? model?.settings.classes ?? null;
}

export function wouldTell(objects: readonly SeenObject[], choice: Choice, model: ModelView | null): SeenObject[] {
  const least = confidenceOf(choice, model);
  const wanted = classesOf(choice, model);
  const names = model?.card?.classes ?? [];
  return objects.filter(
    ({ confidence, class: told, class_id }) =>
      confidence >= least && (wanted === null || wanted.includes(names[class_id] ?? told)),
  );
}

export interface ClassCount {
  readonly name: string;
  readonly classId: number;
  readonly count: number;
}

/** The most first. */
export function countByClass(objects: readonly SeenObject[]): ClassCount[] {
  const counts = new Map<number, ClassCount>();
  for (const { class: name, class_id: classId } of objects)
    counts.set(classId, { name, classId, count: (counts.get(classId)?.count ?? 0) + 1 });
  return [...counts.values()].sort((a, b) => b.count - a.count || a.classId - b.classId);
}
