// One line of the benchmark's table, and the small arithmetic of measuring.

export interface Figure {
  readonly name: string;
  readonly goal: string;
  readonly measured: string;
  /** Null: there is no goal, it is only told. */
  readonly met: boolean | null;
  /** Of the single runs, in their order; empty where it could not be measured. */
  readonly values: readonly number[];
}

/** Runs of every paired measurement. */
export const runs = 5;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Median with the range behind it, so that a noisy machine shows. */
function spread(values: readonly number[], digits: number): string {
  if (values.length === 1) return (values[0] ?? NaN).toFixed(digits);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

export function atLeast(name: string, values: readonly number[], goal: number): Figure {
  return { name, goal: `≥ ${goal}`, measured: spread(values, 3), met: median(values) >= goal, values };
}

export function atMost(name: string, values: readonly number[], goal: number, unit: string, digits = 0): Figure {
  return {
    name,
    goal: `≤ ${goal} ${unit}`.trimEnd(),
    measured: `${spread(values, digits)} ${unit}`.trimEnd(),
    met: median(values) <= goal,
    values,
  };
}

/** Told beside the others, without a goal. */
export function told(name: string, values: readonly number[], unit: string, digits = 3): Figure {
  return { name, goal: '–', measured: `${spread(values, digits)} ${unit}`.trimEnd(), met: null, values };
}

/** A figure that cannot be measured here is not met. */
export function unmeasured(name: string, reason: unknown): Figure {
  const why = reason instanceof Error ? reason.message : String(reason);
  const [line = ''] = why.split('\n', 1);
  return {
    name,
    goal: '–',
    measured: `not measured: ${line.replaceAll('|', '/').slice(0, 200)}`,
    met: false,
    values: [],
  };
}
