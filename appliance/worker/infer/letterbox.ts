// How a source is fitted into the model's input, and the way back.
import type { Box } from '../../contract/frame.ts';
import type { Framing, Size } from './heads/head.ts';

export interface Fit extends Size {
  /** Where the upper left corner of the scaled frame, which has this size, lies in the model's input. */
  readonly left: number;
  readonly top: number;
  /** A box in pixels of the model's input as one in pixels of the source, clipped to it. */
  readonly toSource: (x1: number, y1: number, x2: number, y2: number) => Box;
}

export interface SourceSize extends Size {
  /** Width of one pixel by its height. */
  readonly pixelAspect: number;
}

/**
 * The way back divides by the true scale of each axis, so that rounding the size costs nothing. Each family's rounding
 * is kept: Ultralytics' LetterBox (data/augment.py) rounds the size and gives an odd border's smaller half to the upper
 * left; YOLOX' preproc (data/data_augment.py) cuts the size off.
 */
export function fit(source: SourceSize, input: Size, framing: Framing): Fit {
  const round = framing === 'cornered' ? Math.floor : Math.round;
  const shown = source.width * source.pixelAspect;
  const scale = Math.min(input.width / shown, input.height / source.height);
  const width = framing === 'stretched' ? input.width : clamp(round(shown * scale), 1, input.width);
  const height = framing === 'stretched' ? input.height : clamp(round(source.height * scale), 1, input.height);
  const left = framing === 'centred' ? Math.floor((input.width - width) / 2) : 0;
  const top = framing === 'centred' ? Math.floor((input.height - height) / 2) : 0;
  const toX = source.width / width;
  const toY = source.height / height;
  return {
    width,
    height,
    left,
    top,
    toSource: (x1, y1, x2, y2) => [
      clamp((x1 - left) * toX, 0, source.width),
      clamp((y1 - top) * toY, 0, source.height),
      clamp((x2 - left) * toX, 0, source.width),
      clamp((y2 - top) * toY, 0, source.height),
    ],
  };
}

/**
 * Of an input that takes any size: the source at the usual scale, and no more border than the stride asks for, as
 * Ultralytics does it for such models. 16:9 in 640 × 640 needs 640 × 384, three fifths of the work.
 */
export function tightSize(source: SourceSize, usual: Size, stride: number): Size {
  const { width, height } = fit(source, usual, 'centred');
  return { width: Math.ceil(width / stride) * stride, height: Math.ceil(height / stride) * stride };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
