// `[boxes of all pictures, 7]`, the network's last word: YOLO-NAS ("flat") and YOLOv7 with suppression built in.
import { type Family, namedClasses, namesNeeded, type Seen, shapeText, usual, whole, within01 } from './family.ts';
import { type Candidate, expectFloats, type Head, isClassId, take } from './head.ts';

const columns = 7;

/** In which columns these two put what follows picture, x1, y1, x2, y2. */
interface Order {
  readonly score: 5 | 6;
  readonly classId: 5 | 6;
  readonly networks: string;
  /** What its exporter calls the output. */
  readonly output: RegExp;
}

export const flatScoreFirst: Family = {
  name: 'yolo-nas',
  looks: '[boxes, 7] of picture, box, score, class (YOLO-NAS with suppression)',
  recognise: (seen) => recogniseFlat(seen, { score: 5, classId: 6, networks: 'YOLO-NAS', output: /flat_predictions$/ }),
};

export const flatClassFirst: Family = {
  name: 'yolov7-nms',
  looks: '[boxes, 7] of picture, box, class, score (YOLOv7 with suppression)',
  recognise: (seen) => recogniseFlat(seen, { score: 6, classId: 5, networks: 'YOLOv7', output: /^$/ }),
};

/** Of a grey picture there may be no box at all; then the output's name, or the labels file, has to tell the two apart. */
function recogniseFlat({ outputs, metadata }: Seen, order: Order): Head | string | null {
  const [[name, output] = [], ...others] = Object.entries(outputs);
  if (name === undefined || output === undefined || others.length > 0) return null;
  const { dims, data } = output;
  if (dims.length !== 2 || dims[1] !== columns || !(data instanceof Float32Array)) return null;
  if (!whole(data, columns, 0)) return 'the numbers of its pictures are not whole';
  if (!whole(data, columns, order.classId)) return 'its class ids are not whole numbers';
  if (!within01(data, columns, order.score, order.score + 1)) return 'its scores do not all lie in 0..1';
  if (/flat_predictions$/.test(name) && !order.output.test(name)) return `${name} is how YOLO-NAS calls it`;
  const classes = namedClasses(metadata);
  if (classes === null) return namesNeeded;
  return {
    ...usual,
    layout: `${shapeText(['boxes', columns])}: boxes, suppressed by the network itself (${order.networks})`,
    classes,
    suppressed: true,
    read: (of, threshold, at = 0) => readFlat(expectFloats(of, name).data, { picture: at, threshold, classes }, order),
  };
}

function readFlat(
  data: Float32Array,
  { picture, threshold, classes }: { picture: number; threshold: number; classes: number },
  order: Order,
): Candidate[] {
  const taken: Candidate[] = [];
  for (let row = 0; row + columns <= data.length; row += columns) {
    const at = (column: number) => data[row + column] ?? NaN;
    const [score, classId] = [at(order.score), at(order.classId)];
    if (at(0) !== picture || !(score >= threshold) || !isClassId(classId, classes)) continue;
    take(taken, classId, score, at(1), at(2), at(3), at(4));
  }
  return taken;
}
