// What two jobs of one video have found, side by side. Pure.
import type { Timeline } from '../../../../appliance/contract/timeline.ts';
import { type Lane, peakOf } from './lanes.ts';

export interface ClassCounts {
  readonly name: string;
  readonly classId: number;
  /** Detections of each job. */
  readonly first: number;
  readonly second: number;
}

/** Classes that either has found, the most found first. */
export function countsOf(first: Timeline, second: Timeline): readonly ClassCounts[] {
  const counts = new Map<string, ClassCounts>();
  for (const one of first.classes) {
    counts.set(one.class, { name: one.class, classId: one.class_id, first: sum(one.detections), second: 0 });
  }
  for (const one of second.classes) {
    const known = counts.get(one.class) ?? { name: one.class, classId: one.class_id, first: 0 };
    counts.set(one.class, { ...known, second: sum(one.detections) });
  }
  return [...counts.values()].sort((a, b) => b.first + b.second - (a.first + a.second));
}

/** One lane a class of `counts`: the first job's upwards, the second's downwards where its bins are the same. */
export function mirroredLanes(
  counts: readonly ClassCounts[],
  first: Timeline,
  second: Timeline | null,
  shows: (className: string) => boolean,
): readonly Lane[] {
  const same = second !== null && sameBins(first, second) ? second : null;
  return counts.map(({ name, classId }) => ({
    name,
    classId,
    up: peakOf(first, name),
    down: same === null ? [] : peakOf(same, name),
    pale: !shows(name),
  }));
}

function sameBins(a: Timeline, b: Timeline): boolean {
  return (
    a.frames.length === b.frames.length && Math.abs(a.from_s - b.from_s) < 0.01 && Math.abs(a.to_s - b.to_s) < 0.01
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
