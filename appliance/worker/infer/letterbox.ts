// Letterbox geometry: a source scaled to fit the model's input with its aspect kept, centred, and the way back.
import type { Box } from '../../contract/frame.ts';

export interface Letterbox {
  /** Size that the frame is scaled to. */
  readonly width: number;
  readonly height: number;
  /** Where its upper left corner lies in the model's input. */
  readonly left: number;
  readonly top: number;
  /** A box in pixels of the model's input as one in pixels of the source, clipped to it. */
  readonly toSource: (x1: number, y1: number, x2: number, y2: number) => Box;
}

export interface SourceSize {
  readonly width: number;
  readonly height: number;
  /** Width of one pixel by its height. */
  readonly pixelAspect: number;
}

/**
 * Same rounding as Ultralytics' LetterBox (data/augment.py): size by round, the smaller half of an odd border above
 * and to the left. The way back divides by the true scale of each axis, so that the rounding costs nothing.
 */
export function letterbox(source: SourceSize, input: { width: number; height: number }): Letterbox {
  const shownWidth = source.width * source.pixelAspect;
  const scale = Math.min(input.width / shownWidth, input.height / source.height);
  const width = clamp(Math.round(shownWidth * scale), 1, input.width);
  const height = clamp(Math.round(source.height * scale), 1, input.height);
  const left = Math.floor((input.width - width) / 2);
  const top = Math.floor((input.height - height) / 2);
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

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
