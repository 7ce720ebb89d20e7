// `[1, 4 + classes, anchors]`, a column an anchor: Ultralytics' v8, v9, 11 and 12.
import { type Candidate, expectFloats, type Head } from './head.ts';

/** Boxes as centre and size in pixels of the input, scores in 0..1 without objectness, boxes not yet suppressed. */
export function columnsHead(name: string, [, rows = 0, anchors = 0]: readonly number[]): Head {
  const classes = rows - 4;
  return {
    layout: `[1, ${rows}, ${anchors}]: boxes and class scores (YOLOv8, v9, 11, 12)`,
    classes,
    suppressed: false,
    framing: 'centred',
    colours: 'rgb',
    scale: 1 / 255,
    read: (outputs, threshold, at = 0) => {
      const { data, dims } = expectFloats(outputs, name);
      // Of this run: a network with open sides has other anchors for another source.
      const [, , anchors = 0] = dims;
      return readColumns(data, { classes, anchors, from: at * rows * anchors }, threshold);
    },
  };
}

/** Anchors whose best class scores at least `threshold`. `from`: where the picture's numbers begin in `output`. */
export function readColumns(
  output: Float32Array,
  { classes, anchors, from = 0 }: { classes: number; anchors: number; from?: number },
  threshold: number,
): Candidate[] {
  // Class by class, since a class's scores lie side by side: 80 × 8400 of them are one walk through memory, 0.6 ms.
  const best = new Map<number, { score: number; classId: number }>();
  const scores = from + 4 * anchors;
  for (const at of positionsAbove(output, scores, scores + classes * anchors, threshold)) {
    const score = output[at] ?? 0;
    const classId = Math.floor((at - scores) / anchors);
    const anchor = (at - scores) % anchors;
    const known = best.get(anchor);
    if (known === undefined || score > known.score) best.set(anchor, { score, classId });
  }
  return [...best].map(([anchor, { score, classId }]) => {
    const at = (row: number) => output[from + row * anchors + anchor] ?? 0;
    const [x, y, w, h] = [at(0), at(1), at(2), at(3)];
    return { classId, score, x1: x - w / 2, y1: y - h / 2, x2: x + w / 2, y2: y + h / 2 };
  });
}

/** On its own because V8 makes a loop without closures around its variables twice as fast. NaN is above nothing. */
function positionsAbove(output: Float32Array, from: number, to: number, threshold: number): number[] {
  const positions: number[] = [];
  for (let at = from; at < to; at++) {
    if ((output[at] ?? 0) >= threshold) positions.push(at);
  }
  return positions;
}
