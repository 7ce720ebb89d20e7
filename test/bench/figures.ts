// One line of the benchmark's table, and the small arithmetic of measuring.

export interface Figure {
  readonly name: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Runs of every paired measurement. */
export const runs = 5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** Median with the range behind it, so that a noisy machine shows. */
function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

export function atLeast(name: string, values: readonly number[], goal: number): Figure {
  return { name, goal: `≥ ${goal}`, measured: spread(values, 3), met: median(values) >= goal };
}

export function atMost(name: string, values: readonly number[], goal: number, unit: string, digits = 0): Figure {
  return {
    name,
    goal: `≤ ${goal} ${unit}`,
    measured: `${spread(values, digits)} ${unit}`,
    met: median(values) <= goal,
  };
}
