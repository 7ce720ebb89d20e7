// The walk over all scores of a picture: the one loop of a head that is as long as the network's output.

/**
 * Where, among `count` numbers from `from` on, those are that reach the threshold. Floats above nothing have the order of
 * their bits as whole numbers, and of these eight are compared by one branch: 80 × 8400 scores take 0.42 ms, where floats
 * one by one took 0.63 and eight by eight 0.53. NaN is above nothing.
 */
export function positionsAbove(output: Float32Array, from: number, count: number, threshold: number): number[] {
  const positions: number[] = [];
  const bits = new Int32Array(output.buffer, output.byteOffset, output.length);
  const below = bitsBelow(threshold);
  const to = from + count;
  let at = from;
  for (; at < to - 7; at += 8) {
    // `below` minus a float's bits is negative for one that reaches the threshold.
    const any =
      (below - (bits[at] ?? 0)) |
      (below - (bits[at + 1] ?? 0)) |
      (below - (bits[at + 2] ?? 0)) |
      (below - (bits[at + 3] ?? 0)) |
      (below - (bits[at + 4] ?? 0)) |
      (below - (bits[at + 5] ?? 0)) |
      (below - (bits[at + 6] ?? 0)) |
      (below - (bits[at + 7] ?? 0));
    if (any < 0) pushAbove(positions, output, at, at + 8, threshold);
  }
  pushAbove(positions, output, at, to, threshold);
  return positions;
}

function pushAbove(positions: number[], output: Float32Array, from: number, to: number, threshold: number): void {
  for (let at = from; at < to; at++) if ((output[at] ?? 0) >= threshold) positions.push(at);
}

/** Bits of the float before the least one, of those above nothing, that reaches the threshold. */
function bitsBelow(threshold: number): number {
  const float = Float32Array.of(Math.max(threshold, 0));
  const [bits = 0] = new Int32Array(float.buffer);
  return (float[0] ?? 0) < threshold ? bits : bits - 1;
}
