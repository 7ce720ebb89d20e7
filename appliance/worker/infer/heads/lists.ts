// Boxes, scores and class ids as outputs of their own, the network's last word: RT-DETR as its authors export it, and,
// with a count besides, YOLO-NAS and YOLOv7 with suppression built in.
import {
  type Family,
  inFractions,
  namedClasses,
  namesNeeded,
  type Seen,
  shapeText,
  usual,
  whole,
  within01,
} from './family.ts';
import { type Candidate, expectNumbers, type Head, isClassId, type Outputs, type Size, take } from './head.ts';
import { cornersInOrder } from './pair.ts';

/** Names of the outputs. */
interface Lists {
  readonly boxes: string;
  readonly scores: string;
  readonly classes: string;
  /** Of how many boxes of each picture are real; null where all are. */
  readonly count: string | null;
}

export const queries: Family = {
  name: 'rt-detr',
  looks: 'labels [1, queries], boxes [1, queries, 4] and scores [1, queries] (RT-DETR of its authors, D-FINE)',
  recognise: (seen) => recogniseLists(seen, false),
};

export const counted: Family = {
  name: 'yolo-nas',
  looks: 'a count [1, 1], boxes [1, most, 4], scores [1, most] and classes [1, most] (YOLO-NAS with suppression)',
  recognise: (seen) => recogniseLists(seen, true),
};

function recogniseLists({ outputs, metadata, input }: Seen, withCount: boolean): Head | string | null {
  const lists = listsOf(outputs);
  if (lists === null || (lists.count !== null) !== withCount) return null;
  const [boxes, scores, classes] = realOnes(outputs, lists);
  if (!within01(scores)) return 'its scores do not all lie in 0..1';
  if (!whole(classes, 1, 0)) return 'its class ids are not whole numbers';
  if (!cornersInOrder(boxes)) return 'its boxes are not corners, x1 ≤ x2 and y1 ≤ y2';
  const named = namedClasses(metadata);
  if (named === null) return namesNeeded;
  const shapes = Object.entries(outputs).map(([name, { dims }]) => `${name} ${shapeText(dims)}`);
  // Those of RT-DETR are multiplied by what it is told the picture's size is; not so where that was left out of the graph.
  const fractions = inFractions(boxes);
  return {
    ...usual,
    layout: `${shapes.join(', ')}: boxes, the network's last word (${withCount ? 'YOLO-NAS' : 'RT-DETR'})`,
    classes: named,
    suppressed: true,
    framing: withCount ? 'centred' : 'stretched',
    read: (of, threshold, at = 0, size = input) =>
      readLists(of, lists, { picture: at, threshold, known: named, scale: fractions ? size : { width: 1, height: 1 } }),
  };
}

/** Boxes, scores and classes without what fills up the lists behind the real ones, which is anything. */
function realOnes(outputs: Outputs, lists: Lists): readonly [boxes: number[], scores: number[], classes: number[]] {
  const { dims } = expectNumbers(outputs, lists.boxes);
  const [batch = 0, most = 0] = dims;
  const of = (name: string, sides: number) => {
    const { data } = expectNumbers(outputs, name);
    return Array.from({ length: batch }, (_, picture) => {
      const from = picture * most * sides;
      return [...data.slice(from, from + sides * countOf(outputs, lists, picture, most))];
    }).flat();
  };
  return [of(lists.boxes, 4), of(lists.scores, 1), of(lists.classes, 1)];
}

function countOf(outputs: Outputs, { count }: Lists, picture: number, most: number): number {
  const told = count === null ? most : (expectNumbers(outputs, count).data[picture] ?? 0);
  return told >= 0 ? Math.min(told, most) : 0;
}

/** Which output is which, by shapes, then by names and types; null where that is not plain. */
function listsOf(outputs: Outputs): Lists | null {
  const entries = Object.entries(outputs);
  const [boxes, ...moreBoxes] = entries.filter(([, { dims }]) => dims.length === 3 && dims[2] === 4);
  if (boxes === undefined || moreBoxes.length > 0 || entries.length < 3 || entries.length > 4) return null;
  const [batch = 0, most = 0] = boxes[1].dims;
  const others = entries.filter((entry) => entry !== boxes);
  const count = others.find(([name, { data }]) => data.length === batch && /num|count/i.test(name));
  const lists = others.filter(([, { dims }]) => dims.length === 2 && dims[0] === batch && dims[1] === most);
  const ofBoxes = lists.filter((entry) => entry !== count);
  if (ofBoxes.length !== 2 || ofBoxes.length + (count ? 2 : 1) !== entries.length) return null;
  const classes =
    only(ofBoxes.filter(([name]) => /class|label/i.test(name))) ??
    only(ofBoxes.filter(([, { data }]) => !(data instanceof Float32Array)));
  const scores = ofBoxes.find((entry) => entry !== classes);
  if (classes === undefined || scores === undefined || !(scores[1].data instanceof Float32Array)) return null;
  return { boxes: boxes[0], scores: scores[0], classes: classes[0], count: count?.[0] ?? null };
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

/** Boxes are x1, y1, x2, y2, to be multiplied by `scale`. */
function readLists(
  outputs: Outputs,
  lists: Lists,
  { picture, threshold, known, scale }: { picture: number; threshold: number; known: number; scale: Size },
): Candidate[] {
  const { data: boxes, dims } = expectNumbers(outputs, lists.boxes);
  const scores = expectNumbers(outputs, lists.scores).data;
  const classes = expectNumbers(outputs, lists.classes).data;
  const [, most = 0] = dims;
  const taken: Candidate[] = [];
  const from = picture * most;
  for (let at = from; at < from + countOf(outputs, lists, picture, most); at++) {
    const score = scores[at] ?? NaN;
    const classId = classes[at] ?? NaN;
    if (!(score >= threshold) || !isClassId(classId, known)) continue;
    const side = (column: number) => boxes[at * 4 + column] ?? NaN;
    const { width, height } = scale;
    take(taken, classId, score, side(0) * width, side(1) * height, side(2) * width, side(3) * height);
  }
  return taken;
}
