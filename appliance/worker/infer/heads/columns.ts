// `[batch, 4 + classes, anchors]`, a column an anchor: Ultralytics' v5u, v8, v9, 11 and 12.
import {
  againstClasses,
  type Family,
  inFractions,
  masksText,
  namedClasses,
  shapeText,
  tableOf,
  usual,
  within01,
} from './family.ts';
import { type Candidate, expectFloats, type Head, takeCentred } from './head.ts';
import { positionsAbove } from './scan.ts';

export const columns: Family = {
  name: 'yolov8',
  looks: '[1, 4 + classes, anchors] (YOLOv8, v9, 11, 12)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null) return null;
    const { name, sides, data, masks } = table;
    const [, rows, anchors] = sides;
    const classes = rows - 4 - masks;
    if (classes < 1) return null;
    // More rows than anchors are believed only of a network that names as many classes, or is said to be one.
    const told = seen.metadata.overrides.head !== null || namedClasses(seen.metadata) === classes;
    if (rows > anchors && !told) return null;
    // The centres of its anchors alone are spread over the whole input.
    if (inFractions(data)) return 'its boxes are not in pixels';
    const scored = within01(data, rows * anchors, 4 * anchors, (4 + classes) * anchors);
    if (!scored) return 'its scores do not all lie in 0..1';
    return againstClasses(classes, seen.metadata) ?? columnsHead(name, { rows, classes, masks }, sides);
  },
};

/** Boxes as centre and size in pixels of the input, scores in 0..1 without objectness, boxes not yet suppressed. */
function columnsHead(
  name: string,
  { rows, classes, masks }: { rows: number; classes: number; masks: number },
  sides: readonly number[],
): Head {
  return {
    ...usual,
    layout: `${shapeText(sides)}: boxes and class scores (YOLOv8, v9, 11, 12)${masksText(masks)}`,
    classes,
    suppressed: false,
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
  // Class by class, since a class's scores lie side by side: 80 × 8400 of them are one walk through memory.
  const best = new Map<number, { score: number; classId: number }>();
  const scores = from + 4 * anchors;
  for (const at of positionsAbove(output, scores, classes * anchors, threshold)) {
    const score = output[at] ?? 0;
    const classId = Math.floor((at - scores) / anchors);
    const anchor = (at - scores) % anchors;
    const known = best.get(anchor);
    if (known === undefined || score > known.score) best.set(anchor, { score, classId });
  }
  const taken: Candidate[] = [];
  for (const [anchor, { score, classId }] of best) {
    const at = (row: number) => output[from + row * anchors + anchor] ?? NaN;
    takeCentred(taken, classId, score, at(0), at(1), at(2), at(3));
  }
  return taken;
}
