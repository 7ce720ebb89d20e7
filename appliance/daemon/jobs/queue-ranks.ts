// In which order jobs wait, and the numbers that say so. Pure.
import type { Job } from '../../contract/job.ts';

type Ranked = Pick<Job, 'id' | 'queueRank' | 'createdAt'>;

/** Between neighbours that get new numbers: as far apart as jobs that are made one after another by a person. */
const step = 1000;

/** The one order of jobs. Ranks are equal only in rows that had none, of jobs made in the same millisecond. */
export function byRank(left: Ranked, right: Ranked): number {
  return left.queueRank - right.queueRank || left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1);
}

/**
 * The ranks that bring `moved` in front of `before`, null: behind all, of those that must change. `waiting` is in its order,
 * with both in it. `floor`: the highest of those that run, which are not to be overtaken; null: none runs.
 */
export function ranksFor(
  waiting: readonly Ranked[],
  moved: string,
  before: string | null,
  floor: number | null,
): ReadonlyMap<string, number> {
  const others = waiting.filter(({ id }) => id !== moved);
  const found = before === null ? others.length : others.findIndex(({ id }) => id === before);
  if (found === waiting.findIndex(({ id }) => id === moved)) return new Map();
  const below = [others[found - 1]?.queueRank ?? null, floor].filter((rank) => rank !== null);
  const low = below.length === 0 ? null : Math.max(...below);
  const high = others[found]?.queueRank ?? null;
  const rank = between(low, high);
  if (rank !== null) return new Map([[moved, rank]]);
  // No number is left between the two.
  const order = [...others.slice(0, found).map(({ id }) => id), moved, ...others.slice(found).map(({ id }) => id)];
  const first = (floor ?? waiting[0]?.queueRank ?? 0) + step;
  const old = new Map(waiting.map(({ id, queueRank }) => [id, queueRank]));
  return new Map(order.map((id, at) => [id, first + at * step] as const).filter(([id, next]) => old.get(id) !== next));
}

/** Null where there is no number between them. A bound of null is none. */
function between(low: number | null, high: number | null): number | null {
  if (low === null) return high === null ? 0 : high - step;
  if (high === null) return low + step;
  const middle = low + (high - low) / 2;
  return low < middle && middle < high ? middle : null;
}
