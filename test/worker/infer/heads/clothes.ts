// One network in the clothes of every family: its own outputs turned into theirs by operators grafted onto it.
import { Graft } from '../../onnx-surgery.ts';

/** What the network gives by itself: `output0`, `[1, 4 + classes, anchors]`. */
export interface Body {
  readonly model: Uint8Array;
  /** Side of its square input `images`. */
  readonly side: number;
  readonly classes: number;
  readonly anchors: number;
  /** As its own metadata has them. */
  readonly names: string;
}

export interface Dressed {
  readonly model: Uint8Array;
  /** Of a file beside the model. */
  readonly labels?: unknown;
}

interface Pieces {
  readonly graft: Graft;
  /** `[1, anchors, 4]`: centre and size; corners. */
  readonly boxes: string;
  readonly corners: string;
  /** `[1, anchors, classes]` */
  readonly scores: string;
  /** `[1, anchors, 1]`: of the best class. */
  readonly best: string;
  /** The same as whole numbers. */
  readonly bestClass: string;
}

const strides = [8, 16, 32] as const;
const kept = 300;

/** Boxes and scores of the body. */
function pieces({ classes }: Body): Pieces {
  const graft = new Graft();
  const rows = graft.node('Transpose', ['output0'], { perm: [0, 2, 1] });
  const boxes = graft.slice(rows, 2, 0, 4);
  const scores = graft.slice(rows, 2, 4, 4 + classes);
  const centre = graft.slice(boxes, 2, 0, 2);
  const half = graft.node('Mul', [graft.slice(boxes, 2, 2, 4), graft.float(0.5)]);
  const corners = graft.concat(2, graft.node('Sub', [centre, half]), graft.node('Add', [centre, half]));
  const best = graft.node('ReduceMax', [scores], { axes: [2], keepdims: 1 });
  const bestClass = graft.node('ArgMax', [scores], { axis: 2, keepdims: 1 });
  return { graft, boxes, corners, scores, best, bestClass };
}

function detects({ names, side }: Body): Record<string, string> {
  return { names, imgsz: `[${side}, ${side}]`, task: 'detect', stride: '32' };
}

function nameList({ names }: Body): string[] {
  return [...names.matchAll(/\d+: '([^']*)'/g)].map(([, name = '']) => name);
}

/** Objectness and scores of which the products are the scores. */
function objectness({ graft, best, scores }: Pieces): readonly [string, string] {
  // Never a division by nothing.
  const root = graft.node('Sqrt', [graft.node('Max', [best, graft.float(1e-12)])]);
  return [root, graft.node('Div', [scores, root])];
}

/** Of `[1, anchors, n]`, those of the best anchors as `[1, 300, n]`. */
function gathered({ graft, best }: Pieces, { anchors }: Body): (of: string) => string {
  const [, indices] = graft.topK(graft.reshape(best, [1, anchors]), kept, 1);
  const flat = graft.reshape(indices, [kept]);
  return (of) => graft.node('Gather', [of, flat], { axis: 1 });
}

function toFloat(graft: Graft, of: string): string {
  return graft.node('Cast', [of], { to: 1 });
}

export function asRows(body: Body): Dressed {
  const made = pieces(body);
  const [objects, scores] = objectness(made);
  const rows = made.graft.concat(2, made.boxes, objects, scores);
  // Three anchors a cell, all alike: suppression leaves one of each.
  const output = made.graft.concat(1, rows, rows, rows);
  made.graft.output('output', output, [1, 3 * body.anchors, 5 + body.classes]);
  return { model: made.graft.onto(body.model, { names: body.names, stride: '32' }) };
}

export function asRowsOfOnes(body: Body): Dressed {
  const made = pieces(body);
  const ones = made.graft.constant(new Float32Array(body.anchors).fill(1), [1, body.anchors, 1]);
  const rows = made.graft.concat(2, made.boxes, ones, made.scores);
  made.graft.output('outputs', rows, [1, body.anchors, 5 + body.classes]);
  return { model: made.graft.onto(body.model, {}), labels: nameList(body) };
}

export function asYoloxDecoded(body: Body): Dressed {
  const made = pieces(body);
  const [objects, scores] = objectness(made);
  const rows = made.graft.concat(2, made.boxes, objects, scores);
  made.graft.output('output', rows, [1, body.anchors, 5 + body.classes]);
  return { model: made.graft.onto(body.model, {}), labels: nameList(body) };
}

/** `bytes`: with the input of one, too. */
export function asYolox(body: Body, bytes = false): Dressed {
  const made = pieces(body);
  const { graft, boxes } = made;
  const cells = strides.flatMap((stride) => {
    const across = body.side / stride;
    return Array.from({ length: across ** 2 }, (_, at) => ({ x: at % across, y: Math.floor(at / across), stride }));
  });
  const sides = graft.constant(
    Float32Array.from(cells, ({ stride }) => stride),
    [1, body.anchors, 1],
  );
  const grid = graft.constant(Float32Array.from(cells.flatMap(({ x, y }) => [x, y])), [1, body.anchors, 2]);
  const centres = graft.node('Sub', [graft.node('Div', [graft.slice(boxes, 2, 0, 2), sides]), grid]);
  const sizes = graft.node('Log', [graft.node('Div', [graft.slice(boxes, 2, 2, 4), sides])]);
  graft.output('output', graft.concat(2, centres, sizes, ...objectness(made)), [1, body.anchors, 5 + body.classes]);
  if (bytes) graft.bytesBackwards('images', [1, 3, body.side, body.side]);
  return { model: graft.onto(body.model, {}), labels: { names: nameList(body) } };
}

export function asEndToEnd(body: Body, metadata: Readonly<Record<string, string>> = {}): Dressed {
  const made = pieces(body);
  const { graft, corners, best, bestClass } = made;
  const take = gathered(made, body);
  const output = graft.concat(2, take(corners), take(best), take(toFloat(graft, bestClass)));
  graft.output('output', output, [1, kept, 6]);
  return { model: graft.onto(body.model, { ...detects(body), ...metadata }) };
}

export function asDetr(body: Body, metadata: Readonly<Record<string, string>> = {}): Dressed {
  const made = pieces(body);
  const take = gathered(made, body);
  const fractions = made.graft.node('Div', [take(made.boxes), made.graft.float(body.side)]);
  made.graft.output('output', made.graft.concat(2, fractions, take(made.scores)), [1, kept, 4 + body.classes]);
  return { model: made.graft.onto(body.model, { ...detects(body), ...metadata }) };
}

export function asDetrLists(body: Body): Dressed {
  const made = pieces(body);
  const { graft } = made;
  const take = gathered(made, body);
  const sizes = toFloat(graft, graft.input('orig_target_sizes', [1, 2], 'int64'));
  const whole = graft.reshape(graft.concat(1, sizes, sizes), [1, 1, 4]);
  const fractions = graft.node('Div', [take(made.corners), graft.float(body.side)]);
  graft.output('labels', graft.reshape(take(made.bestClass), [1, kept]), [1, kept], 'int64');
  graft.output('boxes', graft.node('Mul', [fractions, whole]), [1, kept, 4]);
  graft.output('scores', graft.reshape(take(made.best), [1, kept]), [1, kept]);
  return { model: graft.onto(body.model, {}), labels: Object.fromEntries(nameList(body).entries()) };
}

export function asNasPair(body: Body): Dressed {
  const { graft, corners, scores } = pieces(body);
  graft.output('scores', scores, [1, body.anchors, body.classes]);
  graft.output('boxes', corners, [1, body.anchors, 4]);
  return { model: graft.onto(body.model, {}), labels: nameList(body) };
}

/** With a count of those that score at least 0.25; what stands behind them is rubbish. */
export function asNasCounted(body: Body): Dressed {
  const made = pieces(body);
  const { graft } = made;
  const take = gathered(made, body);
  const scores = graft.reshape(take(made.best), [1, kept]);
  const real = graft.node('Greater', [scores, graft.float(0.25)]);
  const share = graft.node('ReduceMean', [toFloat(graft, real)], { axes: [1], keepdims: 1 });
  const count = graft.node('Add', [graft.node('Mul', [share, graft.float(kept)]), graft.float(0.5)]);
  graft.output('num_predictions', graft.node('Cast', [count], { to: 7 }), [1, 1], 'int64');
  graft.output('pred_boxes', take(made.corners), [1, kept, 4]);
  graft.output('pred_scores', graft.node('Where', [real, scores, graft.float(7)]), [1, kept]);
  graft.output('pred_classes', graft.reshape(take(made.bestClass), [1, kept]), [1, kept], 'int64');
  return { model: graft.onto(body.model, {}), labels: nameList(body) };
}

/** By ONNX's own suppression at an overlap of 0.7, of scores above 0.25. */
export function asFlat(body: Body, order: 'score first' | 'class first', name: string, head?: string): Dressed {
  const { graft, boxes, corners, scores, best } = pieces(body);
  const isBest = toFloat(graft, graft.node('Equal', [scores, best]));
  const ofBest = graft.node('Transpose', [graft.node('Mul', [scores, isBest])], { perm: [0, 2, 1] });
  const most = graft.whole([kept]);
  const limits = [graft.float(0.7), graft.float(0.25)];
  // Rows of picture, class, anchor.
  const found = graft.node('NonMaxSuppression', [boxes, ofBest, most, ...limits], { center_point_box: 1 });
  const column = (at: number) => graft.slice(found, 1, at, at + 1);
  const anchors = graft.reshape(column(2), [-1]);
  const of = (table: string, sides: number) =>
    graft.reshape(graft.node('Gather', [table, anchors], { axis: 1 }), [-1, sides]);
  const [score, classId] = [of(best, 1), toFloat(graft, column(1))];
  const last = order === 'score first' ? [score, classId] : [classId, score];
  graft.output(name, graft.concat(1, toFloat(graft, column(0)), of(corners, 4), ...last), ['boxes', 7]);
  return {
    model: graft.onto(body.model, {}),
    labels: { names: nameList(body), ...(head === undefined ? {} : { head }) },
  };
}

export function asSegmenting(body: Body): Dressed {
  const { graft } = pieces(body);
  const masks = graft.constant(new Float32Array(32 * body.anchors).fill(0.7), [1, 32, body.anchors]);
  graft.output('output_0', graft.concat(1, 'output0', masks), [1, 36 + body.classes, body.anchors]);
  graft.output('output_1', graft.constant(new Float32Array(32 * 16), [1, 32, 4, 4]), [1, 32, 4, 4]);
  return { model: graft.onto(body.model, { ...detects(body), task: 'segment' }) };
}
