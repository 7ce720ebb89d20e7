// The assignment problem: which rows and columns belong together, so that all pairs together gain the most.

/**
 * Pairs `[row, column]` of the largest total profit, each row and column in at most one; only profits above 0 count, and
 * a pair without one is none. Rows all have one length. Shortest augmenting paths with potentials (Kuhn 1955; Jonker
 * and Volgenant 1987): O(n²m) for n ≤ m, and rows and columns that gain nothing cost nothing.
 */
export function assign(profits: readonly (readonly number[])[]): [row: number, column: number][] {
  const rows = profits.flatMap((row, at) => (row.some((profit) => profit > 0) ? [at] : []));
  const columns = (profits[0] ?? []).flatMap((_, at) => (rows.some((row) => gain(profits, row, at) > 0) ? [at] : []));
  const tall = rows.length > columns.length;
  const [few, many] = tall ? [columns, rows] : [rows, columns];
  const profit = (one: number, other: number) => (tall ? gain(profits, other, one) : gain(profits, one, other));
  const costs = few.map((one) => many.map((other) => -Math.max(profit(one, other), 0)));
  return cheapest(costs, many.length)
    .map((at, n): [number, number] => [few[n] ?? 0, many[at] ?? 0])
    .map(([one, other]): [number, number] => (tall ? [other, one] : [one, other]))
    .filter(([row, column]) => gain(profits, row, column) > 0)
    .sort(([a], [b]) => a - b);
}

function gain(profits: readonly (readonly number[])[], row: number, column: number): number {
  return profits[row]?.[column] ?? 0;
}

/** For each row the column that it gets in the cheapest assignment; there are `width` ≥ rows of them. */
function cheapest(costs: readonly (readonly number[])[], width: number): number[] {
  const height = costs.length;
  // Potentials keep every reduced cost ≥ 0. Index 0 of columns stands for "none"; `rowOf` is 0 where a column is free.
  const rowPotential = new Float64Array(height + 1);
  const columnPotential = new Float64Array(width + 1);
  const rowOf = new Int32Array(width + 1);
  const cameFrom = new Int32Array(width + 1);
  const shortest = new Float64Array(width + 1);
  const done = new Uint8Array(width + 1);
  for (let start = 1; start <= height; start++) {
    rowOf[0] = start;
    shortest.fill(Infinity);
    done.fill(0);
    let column = 0;
    while (rowOf[column] !== 0) {
      done[column] = 1;
      const row = rowOf[column] ?? 0;
      const ofRow = costs[row - 1] ?? [];
      let nearest = 0;
      let step = Infinity;
      for (let next = 1; next <= width; next++) {
        if (done[next] === 1) continue;
        const length = (ofRow[next - 1] ?? 0) - (rowPotential[row] ?? 0) - (columnPotential[next] ?? 0);
        if (length < (shortest[next] ?? 0)) {
          shortest[next] = length;
          cameFrom[next] = column;
        }
        if ((shortest[next] ?? 0) < step) {
          step = shortest[next] ?? 0;
          nearest = next;
        }
      }
      for (let at = 0; at <= width; at++) {
        if (done[at] === 1) {
          const owner = rowOf[at] ?? 0;
          rowPotential[owner] = (rowPotential[owner] ?? 0) + step;
          columnPotential[at] = (columnPotential[at] ?? 0) - step;
        } else {
          shortest[at] = (shortest[at] ?? 0) - step;
        }
      }
      column = nearest;
    }
    while (column !== 0) {
      const before = cameFrom[column] ?? 0;
      rowOf[column] = rowOf[before] ?? 0;
      column = before;
    }
  }
  const columnOf = new Array<number>(height).fill(0);
  for (let column = 1; column <= width; column++) {
    const row = rowOf[column] ?? 0;
    if (row > 0) columnOf[row - 1] = column - 1;
  }
  return columnOf;
}
