// The output of a YOLO network and how its numbers are read.
import { Fault } from '../../contract/fault.ts';
import type { ModelMetadata } from './metadata.ts';
import type { Candidates } from './nms.ts';

export interface Head {
  readonly classes: number;
  readonly anchors: number;
}

/**
 * Understands the layout of Ultralytics' v8, v9, 11 and 12 detection models: `[1, 4 + classes, anchors]`, boxes as
 * centre and size in pixels of the input, scores in 0..1 without objectness, boxes not yet suppressed.
 * Throws Fault model-invalid for any other, telling what was seen.
 */
export function readHead(shape: readonly number[], metadata: ModelMetadata): Head {
  const seen = `its output is [${shape.join(', ')}]`;
  if (metadata.task !== null && metadata.task !== 'detect') {
    throw notUnderstood(`it was made for the task "${metadata.task}"`);
  }
  if (metadata.endToEnd) throw notUnderstood(`it was exported with suppression built in (end2end or nms), ${seen}`);
  const [batch, rows, anchors, ...more] = shape;
  if (batch !== 1 || rows === undefined || anchors === undefined || more.length > 0) throw notUnderstood(seen);
  if (rows < 5 || rows > anchors) throw notUnderstood(seen);
  const classes = rows - 4;
  const named = metadata.names?.size;
  if (named !== undefined && named !== classes) {
    throw notUnderstood(`${seen}, that is ${classes} classes, but its metadata names ${named}`);
  }
  return { classes, anchors };
}

function notUnderstood(seen: string): Fault {
  const understood = 'YOLO detection models with the output [1, 4 + classes, anchors]';
  return new Fault('model-invalid', `The model cannot be used: ${seen}. Vedette understands ${understood}.`);
}

/**
 * Anchors whose best class scores at least `threshold`, in order of their first hit.
 * Class by class, since a class's scores lie side by side: 80 × 8400 of them are one walk through memory, 0.6 ms.
 */
export function readCandidates(output: Float32Array, { classes, anchors }: Head, threshold: number): Candidates {
  const best = new Map<number, { score: number; classId: number }>();
  for (const at of positionsAbove(output, 4 * anchors, (4 + classes) * anchors, threshold)) {
    const score = output[at] ?? 0;
    const classId = Math.floor(at / anchors) - 4;
    const anchor = at % anchors;
    const known = best.get(anchor);
    if (known === undefined || score > known.score) best.set(anchor, { score, classId });
  }
  const found = [...best];
  const row = (index: number) => found.map(([anchor]) => output[index * anchors + anchor] ?? 0);
  return {
    score: found.map(([, { score }]) => score),
    classId: found.map(([, { classId }]) => classId),
    centreX: row(0),
    centreY: row(1),
    width: row(2),
    height: row(3),
  };
}

/** On its own because V8 makes a loop without closures around its variables twice as fast. NaN is above nothing. */
function positionsAbove(output: Float32Array, from: number, to: number, threshold: number): number[] {
  const positions: number[] = [];
  for (let at = from; at < to; at++) {
    if ((output[at] ?? 0) >= threshold) positions.push(at);
  }
  return positions;
}
