// What a family of networks is, what is known of a network when its family is sought, and what families ask about it.
import type { ModelMetadata } from '../metadata.ts';
import type { HeadName } from './names.ts';
import { type Head, type Outputs, roundedBy, type Size } from './head.ts';

export interface Seen {
  /** Of one inference on a grey picture: the shapes are those of this run, also where the network leaves sides open. */
  readonly outputs: Outputs;
  readonly metadata: ModelMetadata;
  /** Of the network's input in that run. */
  readonly input: Size;
}

export interface Family {
  /** As a labels file calls it. */
  readonly name: HeadName;
  /** Its outputs and its networks, such as `[1, 4 + classes, anchors] (YOLOv8, v9, 11, 12)`. */
  readonly looks: string;
  /**
   * The head where the outputs can be read so; what speaks against it where they have this shape and yet cannot; null
   * where they have another shape.
   */
  readonly recognise: (seen: Seen) => Head | string | null;
}

/** How most networks want their picture. */
export const usual = { framing: 'centred', colours: 'rgb', scale: 1 / 255 } as const satisfies Partial<Head>;

/** The one output of three sides, where there is one. */
export interface Table {
  readonly name: string;
  readonly sides: readonly [batch: number, rows: number, columns: number];
  readonly data: Float32Array;
  /** Numbers of each anchor that weigh the mask prototypes, which a segmenting network has as a second output. */
  readonly masks: number;
}

/** Null where the outputs are anything else. The maps of five sides that YOLOv5 hands out for training are passed over. */
export function tableOf({ outputs, metadata: { task } }: Seen): Table | null {
  const maps = Object.entries(outputs).filter(([, { dims }]) => dims.length < 5);
  const [table, ...more] = maps.filter(([, { dims }]) => dims.length === 3);
  const others = maps.filter((entry) => entry !== table);
  const [prototypes] = others;
  if (table === undefined || more.length > 0 || others.length > 1) return null;
  if (prototypes === undefined ? task === 'segment' : task === 'detect' || prototypes[1].dims.length !== 4) return null;
  const [name, { dims, data }] = table;
  const [batch = 0, rows = 0, columns = 0] = dims;
  if (!(data instanceof Float32Array) || batch < 1) return null;
  return { name, sides: [batch, rows, columns], data, masks: prototypes?.[1].dims[1] ?? 0 };
}

/** `[1, 84, 8400]` */
export function shapeText(dims: readonly (number | string)[]): string {
  return `[${dims.join(', ')}]`;
}

/** For the end of a layout. */
export function masksText(masks: number): string {
  return masks > 0 ? `; of its masks (${masks} numbers each) nothing is told` : '';
}

/** How many classes the names are for: gaps between their ids count; null where there are none. */
export function namedClasses({ names }: ModelMetadata): number | null {
  return names === null ? null : [...names.keys()].reduce((most, id) => Math.max(most, id + 1), 0);
}

/** What speaks against this number of classes; null where nothing does. */
export function againstClasses(classes: number, metadata: ModelMetadata): string | null {
  const named = namedClasses(metadata);
  return named === null || named === classes ? null : `that is ${classes} classes, but its metadata names ${named}`;
}

/** For a family whose outputs do not show how many classes there are. */
export const namesNeeded =
  'nothing says which classes it has; put their names into a JSON file beside the model, <model>.labels.json';

/** Whether all numbers, or of each row of `every` numbers those from `from` up to `to`, lie in 0..1, as scores do. */
export function within01(data: ArrayLike<number>, every = 1, from = 0, to = every): boolean {
  for (let row = 0; row < data.length; row += every) {
    for (let at = row + from; at < row + to; at++) {
      const value = data[at] ?? 0;
      if (!(value >= -roundedBy && value <= 1 + roundedBy)) return false;
    }
  }
  return true;
}

/** Whether all numbers in this column are whole. */
export function whole(data: ArrayLike<number>, every: number, column: number): boolean {
  for (let at = column; at < data.length; at += every) if (!Number.isInteger(data[at])) return false;
  return true;
}

/** Boxes in pixels of which none reaches beyond a pixel or two are boxes in 0..1. Not so where all are zeros. */
export function inFractions(boxes: ArrayLike<number>, every = 4): boolean {
  let most = 0;
  for (let row = 0; row < boxes.length; row += every) {
    for (let at = row; at < row + 4; at++) most = Math.max(most, Math.abs(boxes[at] ?? 0));
  }
  return most > 0 && most <= 2;
}
