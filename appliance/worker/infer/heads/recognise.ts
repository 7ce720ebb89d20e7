// Which head a network has, told by its outputs and its metadata.
import { Fault } from '../../../contract/fault.ts';
import type { ModelMetadata } from '../metadata.ts';
import { columnsHead } from './columns.ts';
import type { Head, Outputs } from './head.ts';

export interface Seen {
  /** Of one inference on a grey picture: the shapes are those of this run, also where the network leaves sides open. */
  readonly outputs: Outputs;
  readonly metadata: ModelMetadata;
  /** Of the network's input, in pixels. */
  readonly input: { readonly width: number; readonly height: number };
}

/** Throws Fault model-invalid for a layout that is not understood, telling what was seen and what is understood. */
export function recogniseHead({ outputs, metadata }: Seen): Head {
  const [output] = Object.values(outputs);
  const shape = output?.dims ?? [];
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
  return columnsHead(Object.keys(outputs)[0] ?? '', shape);
}

function notUnderstood(seen: string): Fault {
  const understood = 'YOLO detection models with the output [1, 4 + classes, anchors]';
  return new Fault('model-invalid', `The model cannot be used: ${seen}. Vedette understands ${understood}.`);
}
