// `[batch, boxes, 6]`, the network's last word: YOLOv10, YOLO26, and whatever Ultralytics exports with `nms=True`.
import {
  type Family,
  masksText,
  namedClasses,
  namesNeeded,
  shapeText,
  tableOf,
  usual,
  whole,
  within01,
} from './family.ts';
import { type Candidate, expectFloats, type Head, isClassId, take } from './head.ts';

export const endToEnd: Family = {
  name: 'end-to-end',
  looks: '[1, boxes, 6] with suppression built in (YOLOv10, YOLO26, exports with nms=True)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null) return null;
    const { name, sides, data, masks } = table;
    const [, , columns] = sides;
    if (columns !== 6 + masks) return null;
    if (!within01(data, columns, 4, 5)) return 'its scores do not all lie in 0..1';
    if (!whole(data, columns, 5)) return 'its class ids are not whole numbers';
    const classes = namedClasses(seen.metadata);
    if (classes === null) return namesNeeded;
    for (let at = 5; at < data.length; at += columns) {
      const id = data[at] ?? NaN;
      if (!isClassId(id, classes)) return `it sees class ${id}, but its metadata names ${classes}`;
    }
    const head: Head = {
      ...usual,
      layout: `${shapeText(sides)}: boxes, suppressed by the network itself (YOLOv10, YOLO26, nms=True)${masksText(masks)}`,
      classes,
      suppressed: true,
      read: (outputs, threshold, at = 0) => readWhole(expectFloats(outputs, name), at, threshold, classes),
    };
    return head;
  },
};

/** Rows of x1, y1, x2, y2 in pixels of the input, score, class id. Rows of zeros fill up the table. */
function readWhole(
  { data, dims }: { data: Float32Array; dims: readonly number[] },
  picture: number,
  threshold: number,
  classes: number,
): Candidate[] {
  const [, boxes = 0, columns = 0] = dims;
  const taken: Candidate[] = [];
  const from = picture * boxes * columns;
  for (let row = from; row < from + boxes * columns; row += columns) {
    const at = (column: number) => data[row + column] ?? NaN;
    const score = at(4);
    if (score > 0 && score >= threshold && isClassId(at(5), classes)) {
      take(taken, at(5), score, at(0), at(1), at(2), at(3));
    }
  }
  return taken;
}
