// A picture as video has it, I420, to be drawn on: a plane of brightness, and two of colour at half its size.
import type { FullPicture } from '../ingest/full.ts';
import type { Colour, Surface } from '../draw-boxes.ts';

type Yuv = readonly [y: number, u: number, v: number];

export class YuvSurface implements Surface {
  readonly width: number;
  readonly height: number;
  readonly #planes: readonly Uint8Array[];
  readonly #strides: readonly number[];
  readonly #toYuv: (colour: Colour) => Yuv;

  /** Drawing goes into the picture itself. `toYuv`: of its colorimetry. */
  constructor({ pixels, shape }: Pick<FullPicture, 'pixels' | 'shape'>, toYuv: (colour: Colour) => Yuv) {
    const { width, height } = shape;
    const { strides, offsets, bytes } = i420Layout(shape);
    this.width = width;
    this.height = height;
    this.#strides = strides;
    this.#planes = offsets.map((offset, plane) => pixels.subarray(offset, offsets[plane + 1] ?? bytes));
    this.#toYuv = toYuv;
  }

  fill(x1: number, y1: number, x2: number, y2: number, colour: Colour): void {
    const [y, u, v] = this.#toYuv(colour);
    this.#fillPlane(0, [x1, y1, x2, y2], y);
    const half: Area = [x1 >> 1, y1 >> 1, (x2 + 1) >> 1, (y2 + 1) >> 1];
    this.#fillPlane(1, half, u);
    this.#fillPlane(2, half, v);
  }

  ink(x1: number, y1: number, x2: number, y2: number, colour: Colour): void {
    this.#fillPlane(0, [x1, y1, x2, y2], this.#toYuv(colour)[0]);
  }

  /** From the full range to that of video, which every player expects. videoconvert would only rename it: it copies. */
  narrow(): void {
    for (const [plane, pixels] of this.#planes.entries()) {
      const table = plane === 0 ? narrowLuma : narrowChroma;
      for (let at = 0; at < pixels.length; at++) pixels[at] = table[pixels[at] ?? 0] ?? 0;
    }
  }

  /** Row and column beside an odd size, which an encoder wants, become like their neighbours. */
  fillEdge(): void {
    const [luma] = this.#planes;
    const [stride = 0] = this.#strides;
    const { width, height } = this;
    if (!luma) return;
    if (width % 2 === 1) {
      for (let row = 0; row < height; row++) luma[row * stride + width] = luma[row * stride + width - 1] ?? 0;
    }
    if (height % 2 === 1) luma.copyWithin(height * stride, (height - 1) * stride, height * stride);
  }

  #fillPlane(plane: 0 | 1 | 2, [x1, y1, x2, y2]: Area, value: number): void {
    const pixels = this.#planes[plane];
    const stride = this.#strides[plane] ?? 0;
    const [columns, rows] = plane === 0 ? [this.width, this.height] : [half(this.width), half(this.height)];
    const [left, right] = [Math.max(x1, 0), Math.min(x2, columns)];
    if (left >= right) return;
    for (let y = Math.max(y1, 0); y < Math.min(y2, rows); y++)
      pixels?.fill(value, y * stride + left, y * stride + right);
  }
}

const narrowLuma = Uint8Array.from({ length: 256 }, (_, value) => Math.round(16 + (value * 219) / 255));
const narrowChroma = Uint8Array.from({ length: 256 }, (_, value) => Math.round(128 + ((value - 128) * 224) / 255));

/** The same colours in the range of video; null where they have it already. */
export function narrowed(colorimetry: string | null): string | null {
  return colorimetry?.startsWith('1:') ? `2:${colorimetry.slice(2)}` : null;
}

type Area = readonly [x1: number, y1: number, x2: number, y2: number];

function half(length: number): number {
  return (length + 1) >> 1;
}

/**
 * Where GStreamer lays the planes (video-info.c, fill_planes): rows are padded to 4 bytes, and an odd height has a row
 * to spare, so that a picture with odd sides lies as the one with the next even sides does.
 */
export function i420Layout({ width, height }: { readonly width: number; readonly height: number }) {
  const strides = [roundUp4(width), roundUp4(half(width)), roundUp4(half(width))] as const;
  const luma = strides[0] * 2 * half(height);
  const chroma = strides[1] * half(height);
  return { strides, offsets: [0, luma, luma + chroma] as const, bytes: luma + 2 * chroma };
}

function roundUp4(length: number): number {
  return (length + 3) & ~3;
}

/**
 * From red, green and blue as the video's own colours go, by GStreamer's text for its colorimetry, such as `bt709` or
 * `2:4:7:1` (range, matrix, …), in the range of video. ITU-R BT.601 §2.5, BT.709 §3, BT.2020 table 4.
 */
export function yuvOf(colorimetry: string | null): (colour: Colour) => Yuv {
  const [name = '', matrix] = (colorimetry ?? '').split(':');
  const [kr, kb] = weights[matrix === undefined ? name : (matrixNames[matrix] ?? '')] ?? [0.299, 0.114];
  return ([red, green, blue]) => {
    const [r, g, b] = [red / 255, green / 255, blue / 255];
    const y = kr * r + (1 - kr - kb) * g + kb * b;
    const chroma = (part: number, weight: number) => Math.round(128 + (224 * (part - y)) / (2 * (1 - weight)));
    return [Math.round(16 + 219 * y), chroma(b, kb), chroma(r, kr)];
  };
}

/** Of red and blue in the brightness; else those of BT.601. */
const weights: Readonly<Record<string, readonly [kr: number, kb: number]>> = {
  bt709: [0.2126, 0.0722],
  smpte240m: [0.212, 0.087],
  bt2020: [0.2627, 0.0593],
  'bt2020-10': [0.2627, 0.0593],
  'bt2100-pq': [0.2627, 0.0593],
  'bt2100-hlg': [0.2627, 0.0593],
};

/** GstVideoColorMatrix. */
const matrixNames: Readonly<Record<string, string>> = { '3': 'bt709', '5': 'smpte240m', '6': 'bt2020' };
