// The grids of cells that a network without a metadata of its own lays over its input.
import type { Size } from './head.ts';

/** Pixels of a cell's side, finest grid first, as the families use them: usual, P6, P2, tiny. */
const known = [
  [8, 16, 32],
  [8, 16, 32, 64],
  [4, 8, 16, 32],
  [16, 32],
] as const;

/** The strides with which an input of this size has so many anchors, `perCell` in each; null where none do. */
export function stridesOf(input: Size, anchors: number, perCell: number): readonly number[] | null {
  return known.find((strides) => perCell * cellsOf(input, strides) === anchors) ?? null;
}

function cellsOf({ width, height }: Size, strides: readonly number[]): number {
  // A convolution of stride 2 rounds up.
  return strides.reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0);
}

export interface Cell {
  /** Column and row in its grid. */
  readonly x: number;
  readonly y: number;
  readonly stride: number;
}

/** The cell of this number: grid after grid, the finest one first, row by row. */
export function cellAt({ width, height }: Size, strides: readonly number[], number: number): Cell {
  let left = number;
  for (const stride of strides) {
    const columns = Math.ceil(width / stride);
    const cells = columns * Math.ceil(height / stride);
    if (left < cells) return { x: left % columns, y: Math.floor(left / columns), stride };
    left -= cells;
  }
  throw new Error(`the input of ${width} × ${height} has no cell ${number}`);
}
