// Planes of red, green and blue, to be drawn on.
import type { Colour, Surface } from './draw-boxes.ts';
import type { Planes } from './encode-png.ts';

export class RgbSurface implements Surface {
  readonly #planes: Planes;

  /** Drawing goes into `planes` itself. */
  constructor(planes: Planes) {
    this.#planes = planes;
  }

  get width(): number {
    return this.#planes.width;
  }

  get height(): number {
    return this.#planes.height;
  }

  fill(x1: number, y1: number, x2: number, y2: number, colour: Colour): void {
    const { width, height, stride, pixels } = this.#planes;
    const [left, right] = [Math.max(x1, 0), Math.min(x2, width)];
    if (left >= right) return;
    for (const [plane, value] of colour.entries()) {
      for (let y = Math.max(y1, 0); y < Math.min(y2, height); y++) {
        const row = (plane * height + y) * stride;
        pixels.fill(value, row + left, row + right);
      }
    }
  }

  ink(x1: number, y1: number, x2: number, y2: number, colour: Colour): void {
    this.fill(x1, y1, x2, y2, colour);
  }
}
