// `[batch, anchors, 5 + classes]`, a row an anchor, with objectness: YOLOv5 of its own repository, YOLOv7, YOLOv6.
import { againstClasses, type Family, masksText, shapeText, type Table, tableOf, usual, within01 } from './family.ts';
import { stridesOf } from './grids.ts';
import { type Candidate, expectFloats, type Head, takeCentred } from './head.ts';

export const rows: Family = {
  name: 'yolov5',
  looks: '[1, anchors, 5 + classes] with three anchors a cell (YOLOv5, v7)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null) return null;
    const [, anchors, columns] = table.sides;
    const classes = columns - 5 - table.masks;
    const told = seen.metadata.overrides.head !== null;
    if (classes < 1 || (!told && stridesOf(seen.input, anchors, 3) === null)) return null;
    if (!within01(table.data, columns, 4, 5 + classes)) return 'its objectness and scores do not all lie in 0..1';
    return againstClasses(classes, seen.metadata) ?? rowsHead(table, classes, 'YOLOv5, v7');
  },
};

/**
 * One anchor a cell as in YOLOX, but the objectness, which these networks do not have, is a constant 1: that of a YOLOX
 * is a sigmoid's result. https://github.com/meituan/YOLOv6/blob/main/yolov6/models/effidehead.py
 */
export const rowsOfOnes: Family = {
  name: 'yolov6',
  looks: '[1, anchors, 5 + classes] with one anchor a cell and an objectness of 1 (YOLOv6)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null || !onesOnly(table)) return null;
    const [, anchors, columns] = table.sides;
    const classes = columns - 5 - table.masks;
    const told = seen.metadata.overrides.head !== null;
    if (classes < 1 || (!told && stridesOf(seen.input, anchors, 1) === null)) return null;
    if (!within01(table.data, columns, 4, 5 + classes)) return 'its scores do not all lie in 0..1';
    return againstClasses(classes, seen.metadata) ?? rowsHead(table, classes, 'YOLOv6');
  },
};

export function onesOnly({ data, sides: [, , columns] }: Table): boolean {
  for (let at = 4; at < data.length; at += columns) if (data[at] !== 1) return false;
  return data.length > 0;
}

function rowsHead({ name, sides, masks }: Table, classes: number, networks: string): Head {
  return {
    ...usual,
    layout: `${shapeText(sides)}: rows of box, objectness and class scores (${networks})${masksText(masks)}`,
    classes,
    suppressed: false,
    read: (outputs, threshold, at = 0) => {
      const { data, dims } = expectFloats(outputs, name);
      const [, anchors = 0, columns = 0] = dims;
      return readRows(data, { classes, anchors, columns, from: at * anchors * columns }, threshold);
    },
  };
}

/**
 * Rows whose best class, times the objectness, scores at least `threshold`: boxes as centre and size in pixels of the
 * input. As `non_max_suppression` of YOLOv5 with one label a box (utils/general.py).
 */
function readRows(
  output: Float32Array,
  { classes, anchors, columns, from }: { classes: number; anchors: number; columns: number; from: number },
  threshold: number,
): Candidate[] {
  const taken: Candidate[] = [];
  for (const row of rowsAbove(output, from, from + anchors * columns, columns, threshold)) {
    const classId = bestOf(output, row + 5, classes);
    const score = (output[row + 4] ?? NaN) * (output[row + 5 + classId] ?? NaN);
    if (!(score >= threshold)) continue;
    const at = (column: number) => output[row + column] ?? NaN;
    takeCentred(taken, classId, score, at(0), at(1), at(2), at(3));
  }
  return taken;
}

/**
 * Where the rows begin whose objectness reaches the threshold: no product of it and a score in 0..1 is higher. On its own
 * because V8 makes a loop without closures around its variables twice as fast. NaN is above nothing.
 */
export function rowsAbove(
  output: Float32Array,
  from: number,
  to: number,
  columns: number,
  threshold: number,
): number[] {
  const found: number[] = [];
  for (let row = from; row < to; row += columns) if ((output[row + 4] ?? 0) >= threshold) found.push(row);
  return found;
}

/** Which of so many numbers is the highest, the first of equal ones; NaN is above nothing. */
export function bestOf(output: Float32Array, from: number, count: number): number {
  let best = 0;
  let most = -Infinity;
  for (let at = 0; at < count; at++) {
    const value = output[from + at] ?? 0;
    if (value > most) {
      most = value;
      best = at;
    }
  }
  return best;
}
