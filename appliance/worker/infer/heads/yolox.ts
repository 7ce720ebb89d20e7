// `[batch, cells, 5 + classes]` of YOLOX: an anchor a cell, its box told from the cell's place and side, or decoded already.
import { againstClasses, type Family, shapeText, type Table, tableOf, within01 } from './family.ts';
import { cellAt, stridesOf } from './grids.ts';
import { type Candidate, expectFloats, type Head, type Size, takeCentred } from './head.ts';
import { bestOf, onesOnly, rowsAbove } from './rows.ts';

export const yolox: Family = {
  name: 'yolox',
  looks: '[1, cells, 5 + classes] with one anchor a cell (YOLOX)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null || table.masks > 0 || onesOnly(table)) return null;
    const [, anchors, columns] = table.sides;
    const classes = columns - 5;
    const strides = stridesOf(seen.input, anchors, 1);
    if (classes < 1 || strides === null) return null;
    if (!within01(table.data, columns, 4)) return 'its objectness and scores do not all lie in 0..1';
    const decoded = seen.metadata.overrides.decoded ?? tellDecoded(table, strides, seen.input);
    if (decoded === null) return 'its boxes are neither offsets from its cells nor boxes about them';
    return againstClasses(classes, seen.metadata) ?? yoloxHead(table, { classes, strides, decoded, size: seen.input });
  },
};

/**
 * Whether the centres lie about their cells in pixels (true), or are offsets in cells (false); null where neither is
 * plain. Safe on any picture, since an anchor is trained to centre on what lies about its own cell: its offset is a cell
 * or two, while from the fourth column and row on the two readings lie more than three cells apart.
 */
function tellDecoded(
  { data, sides: [, anchors, columns] }: Table,
  strides: readonly number[],
  input: Size,
): boolean | null {
  let asDecoded = 0;
  let asOffsets = 0;
  let asked = 0;
  for (let anchor = 0; anchor < anchors; anchor++) {
    const { x, y, stride } = cellAt(input, strides, anchor);
    if (x < 4 || y < 4) continue;
    const across = data[anchor * columns] ?? NaN;
    const down = data[anchor * columns + 1] ?? NaN;
    const fromCell = Math.hypot(across / stride - x - 0.5, down / stride - y - 0.5);
    const fromNothing = Math.hypot(across - 0.5, down - 0.5);
    asked++;
    if (fromCell < fromNothing) asDecoded++;
    if (fromNothing < fromCell) asOffsets++;
  }
  if (asked === 0) return null;
  if (asDecoded > 0.9 * asked) return true;
  return asOffsets > 0.9 * asked ? false : null;
}

interface Reading {
  readonly classes: number;
  readonly strides: readonly number[];
  readonly decoded: boolean;
  /** Of the input where a run does not say another. */
  readonly size: Size;
}

function yoloxHead({ name, sides }: Table, reading: Reading): Head {
  const boxes = reading.decoded ? 'boxes' : 'offsets from a grid';
  return {
    layout: `${shapeText(sides)}: rows of ${boxes}, objectness and class scores (YOLOX)`,
    classes: reading.classes,
    suppressed: false,
    // Its `preproc` pads below and to the right, and leaves OpenCV's bytes as they are (yolox/data/data_augment.py).
    framing: 'cornered',
    colours: 'bgr',
    scale: 1,
    read: (outputs, threshold, at = 0, input = reading.size) =>
      readCells(expectFloats(outputs, name), at, threshold, reading, input),
  };
}

/** A raw box is `(xy + cell) × stride` and `exp(wh) × stride`, as in YOLOX's `demo_postprocess` (yolox/utils/demo_utils.py). */
function readCells(
  { data, dims }: { data: Float32Array; dims: readonly number[] },
  picture: number,
  threshold: number,
  { classes, strides, decoded }: Reading,
  input: Size,
): Candidate[] {
  const [, anchors = 0, columns = 0] = dims;
  const from = picture * anchors * columns;
  const taken: Candidate[] = [];
  for (const row of rowsAbove(data, from, from + anchors * columns, columns, threshold)) {
    const classId = bestOf(data, row + 5, classes);
    const score = (data[row + 4] ?? NaN) * (data[row + 5 + classId] ?? NaN);
    if (!(score >= threshold)) continue;
    const at = (column: number) => data[row + column] ?? NaN;
    if (decoded) takeCentred(taken, classId, score, at(0), at(1), at(2), at(3));
    else {
      const { x, y, stride } = cellAt(input, strides, (row - from) / columns);
      const [width, height] = [Math.exp(at(2)) * stride, Math.exp(at(3)) * stride];
      takeCentred(taken, classId, score, (at(0) + x) * stride, (at(1) + y) * stride, width, height);
    }
  }
  return taken;
}
