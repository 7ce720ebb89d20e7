// What a network wants to be fed: the one picture, and what some want to know besides it.
import { Fault } from '../../contract/fault.ts';
import type { Slot } from './heads/head.ts';

export interface PictureInput {
  readonly name: string;
  readonly type: 'float32' | 'float16' | 'uint8';
  /** `first`: `[batch, 3, height, width]`; `last`: `[batch, height, width, 3]`. */
  readonly planes: 'first' | 'last';
  /** Pixels; null where the network takes any. */
  readonly width: number | null;
  readonly height: number | null;
}

export interface Inputs {
  /** As the file declares them, such as `images float32 [1, 3, 640, 640]`. */
  readonly declared: string;
  readonly picture: PictureInput;
  /** Of the input that asks for the picture's width and height, int64 `[1, 2]` (RT-DETR); null without one. */
  readonly sizes: string | null;
}

/** Throws Fault model-invalid for inputs that are not understood, telling what was seen. */
export function readInputs(slots: readonly Slot[]): Inputs {
  const pictures = slots.filter(({ shape }) => shape.length === 4);
  const others = slots.filter((slot) => !pictures.includes(slot));
  const [picture, ...more] = pictures;
  const sizes = others.find(({ name, type }) => name === 'orig_target_sizes' && type === 'int64');
  const fits = picture && more.length === 0 && others.every((slot) => slot === sizes);
  const read = fits ? readPicture(picture) : null;
  const declared = slots.map(describeSlot).join(', ');
  if (read) return { declared, picture: read, sizes: sizes?.name ?? null };
  throw new Fault(
    'model-invalid',
    `The model cannot be used: its inputs are ${declared || 'none'}. Vedette understands one ` +
      'picture [1, 3, height, width] or [1, height, width, 3] of float32, float16 or uint8.',
  );
}

function describeSlot({ name, type, shape }: Slot): string {
  return `${name} ${type} [${shape.map((side) => side ?? '?').join(', ')}]`;
}

function readPicture({ name, type, shape }: Slot): PictureInput | null {
  if (type !== 'float32' && type !== 'float16' && type !== 'uint8') return null;
  const [batch, ...sides] = shape;
  if (typeof batch === 'number' && batch !== 1) return null;
  // A side that is left open may be the colours', where the exporter left all of them open.
  const planes = sides[0] === 3 || (typeof sides[0] !== 'number' && sides[2] !== 3) ? 'first' : 'last';
  const [colours, height, width] = planes === 'first' ? sides : [sides[2], sides[0], sides[1]];
  if (typeof colours === 'number' && colours !== 3) return null;
  return { name, type, planes, width: fixed(width), height: fixed(height) };
}

function fixed(side: number | string | null | undefined): number | null {
  return typeof side === 'number' && side > 0 ? side : null;
}
