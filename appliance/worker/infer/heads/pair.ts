// Boxes `[batch, anchors, 4]` and scores `[batch, anchors, classes]` as two outputs: YOLO-NAS without suppression.
import { againstClasses, type Family, inFractions, shapeText, usual, within01 } from './family.ts';
import { type Candidate, expectFloats, type Head, take } from './head.ts';
import { bestOf } from './rows.ts';
import { positionsAbove } from './scan.ts';

interface Floats {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export const pair: Family = {
  name: 'yolo-nas',
  looks: 'boxes [1, anchors, 4] and scores [1, anchors, classes] (YOLO-NAS)',
  recognise({ outputs, metadata }) {
    const floats: Floats[] = [];
    for (const [name, { dims, data }] of Object.entries(outputs)) {
      if (dims.length === 3 && data instanceof Float32Array) floats.push({ name, dims, data });
    }
    const [first, second] = floats;
    if (!first || !second || floats.length !== Object.keys(outputs).length || floats.length > 2) return null;
    if (first.dims[0] !== second.dims[0] || first.dims[1] !== second.dims[1]) return null;
    const readings = [
      [first, second],
      [second, first],
    ].filter(([boxes, scores]) => boxes?.dims[2] === 4 && scores && within01(scores.data));
    const [[boxes, scores] = []] = readings;
    if (!boxes || !scores) return readings.length > 0 || anyOfFour(floats) ? 'its scores do not all lie in 0..1' : null;
    if (inFractions(boxes.data) || readings.length > 1) return 'its boxes are not in pixels';
    if (!cornersInOrder(boxes.data)) return 'its boxes are not corners, x1 ≤ x2 and y1 ≤ y2';
    const classes = scores.dims[2] ?? 0;
    return againstClasses(classes, metadata) ?? pairHead(boxes, scores, classes);
  },
};

function anyOfFour(floats: readonly Floats[]): boolean {
  return floats.some(({ dims }) => dims[2] === 4);
}

/** Boxes as centre and size are not: the width of one at the right is less than its centre. */
export function cornersInOrder(boxes: ArrayLike<number>): boolean {
  for (let at = 0; at < boxes.length; at += 4) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
    // Halves of a pixel are lost to float16.
    if (x2 < x1 - 1 || y2 < y1 - 1) return false;
  }
  return true;
}

function pairHead(boxes: Floats, scores: Floats, classes: number): Head {
  const shapes = `${boxes.name} ${shapeText(boxes.dims)}, ${scores.name} ${shapeText(scores.dims)}`;
  return {
    ...usual,
    layout: `${shapes}: boxes and class scores (YOLO-NAS)`,
    classes,
    suppressed: false,
    read: (outputs, threshold, at = 0) => {
      const { data, dims } = expectFloats(outputs, scores.name);
      const [, anchors = 0] = dims;
      return readPair(expectFloats(outputs, boxes.name).data, data, { classes, anchors, picture: at }, threshold);
    },
  };
}

function readPair(
  boxes: Float32Array,
  scores: Float32Array,
  { classes, anchors, picture }: { classes: number; anchors: number; picture: number },
  threshold: number,
): Candidate[] {
  const taken: Candidate[] = [];
  let last = -1;
  for (const position of positionsAbove(scores, picture * anchors * classes, anchors * classes, threshold)) {
    const anchor = Math.floor(position / classes);
    if (anchor === last) continue;
    last = anchor;
    const classId = bestOf(scores, anchor * classes, classes);
    const score = scores[anchor * classes + classId] ?? NaN;
    const at = (column: number) => boxes[anchor * 4 + column] ?? NaN;
    take(taken, classId, score, at(0), at(1), at(2), at(3));
  }
  return taken;
}
