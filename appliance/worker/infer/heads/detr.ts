// `[batch, queries, 4 + classes]` in fractions of the input: RT-DETR as Ultralytics exports it.
import {
  againstClasses,
  type Family,
  inFractions,
  namedClasses,
  namesNeeded,
  shapeText,
  tableOf,
  usual,
  within01,
} from './family.ts';
import { type Candidate, expectFloats, type Head, type Size, takeCentred } from './head.ts';
import { bestOf } from './rows.ts';

export const detr: Family = {
  name: 'rt-detr',
  looks: '[1, queries, 4 + classes] with boxes in 0..1 (RT-DETR of Ultralytics)',
  recognise(seen) {
    const table = tableOf(seen);
    if (table === null || table.masks > 0) return null;
    const { name, sides, data } = table;
    const classes = sides[2] - 4;
    // All comes out of sigmoids.
    if (classes < 1 || !within01(data) || !inFractions(data, sides[2])) return null;
    // Its shape alone does not tell it from others, such as one of columns.
    if (namedClasses(seen.metadata) === null && seen.metadata.overrides.head === null) return namesNeeded;
    const against = againstClasses(classes, seen.metadata);
    if (against !== null) return against;
    const head: Head = {
      ...usual,
      layout: `${shapeText(sides)}: boxes in 0..1 and class scores of queries (RT-DETR)`,
      classes,
      suppressed: true,
      framing: 'stretched',
      read: (outputs, threshold, at = 0, input = seen.input) =>
        readQueries(expectFloats(outputs, name), at, threshold, input),
    };
    return head;
  },
};

/** Queries whose best class reaches the threshold, as Ultralytics' RTDETRPredictor reads them. */
function readQueries(
  { data, dims }: { data: Float32Array; dims: readonly number[] },
  picture: number,
  threshold: number,
  { width, height }: Size,
): Candidate[] {
  const [, queries = 0, columns = 0] = dims;
  const from = picture * queries * columns;
  const taken: Candidate[] = [];
  for (let row = from; row < from + queries * columns; row += columns) {
    const classId = bestOf(data, row + 4, columns - 4);
    const score = data[row + 4 + classId] ?? NaN;
    if (!(score >= threshold)) continue;
    const at = (column: number) => data[row + column] ?? NaN;
    takeCentred(taken, classId, score, at(0) * width, at(1) * height, at(2) * width, at(3) * height);
  }
  return taken;
}
