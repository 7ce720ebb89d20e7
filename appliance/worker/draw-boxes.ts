// Draws detections into a picture: a frame and a label for each, in the colour of its class. Needs no font.
import type { Detections } from '../contract/frame.ts';
import type { Planes } from './encode-png.ts';
import { glyphHeight, glyphRows, glyphWidth } from './glyphs.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Into `planes` itself, which has the size that the boxes are told in. */
export function drawBoxes(planes: Planes, { xyxy, class_id: ids, class_name: names, confidence }: Detections): void {
  // Lines and letters of a size that is seen when the picture is shown whole.
  const thickness = Math.max(1, Math.round(Math.min(planes.width, planes.height) / 360));
  // The surest one last, above the others.
  for (let at = xyxy.length - 1; at >= 0; at--) {
    const box = xyxy[at];
    if (!box) continue;
    const [x1, y1, x2, y2] = box.map(Math.round) as [number, number, number, number];
    const colour = colourOf(ids[at] ?? 0);
    fill(planes, x1, y1, x2, y1 + thickness, colour);
    fill(planes, x1, y2 - thickness, x2, y2, colour);
    fill(planes, x1, y1, x1 + thickness, y2, colour);
    fill(planes, x2 - thickness, y1, x2, y2, colour);
    drawLabel(planes, `${names[at] ?? ''} ${(confidence[at] ?? 0).toFixed(2)}`, { x: x1, y: y1, thickness, colour });
  }
}

interface Label {
  readonly x: number;
  readonly y: number;
  readonly thickness: number;
  readonly colour: Colour;
}

/** Above its box where there is room, else inside it. */
function drawLabel(planes: Planes, text: string, { x, y, thickness: dot, colour }: Label): void {
  const letters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  const width = (letters.length * (glyphWidth + 1) + 1) * dot;
  const height = (glyphHeight + 2) * dot;
  const left = Math.max(0, Math.min(x, planes.width - width));
  const top = y >= height ? y - height : y;
  fill(planes, left, top, left + width, top + height, colour);
  const [red, green, blue] = colour;
  // ITU-R BT.601 luma: what a person takes for bright.
  const ink: Colour = 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? [0, 0, 0] : [255, 255, 255];
  for (const [index, letter] of letters.entries()) {
    for (const [row, bits] of glyphRows(letter).entries()) {
      for (let column = 0; column < glyphWidth; column++) {
        if (((bits >> (glyphWidth - 1 - column)) & 1) === 0) continue;
        const dotX = left + (1 + index * (glyphWidth + 1) + column) * dot;
        const dotY = top + (1 + row) * dot;
        fill(planes, dotX, dotY, dotX + dot, dotY + dot, ink);
      }
    }
  }
}

/** Clipped to the picture; the second corner is outside. */
function fill(
  { width, height, stride, pixels }: Planes,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour: Colour,
) {
  const [left, right] = [Math.max(x1, 0), Math.min(x2, width)];
  if (left >= right) return;
  for (const [plane, value] of colour.entries()) {
    for (let y = Math.max(y1, 0); y < Math.min(y2, height); y++) {
      const row = (plane * height + y) * stride;
      pixels.fill(value, row + left, row + right);
    }
  }
}

/** Neighbouring class ids lie a golden angle apart on the colour wheel, so that few of them look alike. */
function colourOf(classId: number): Colour {
  const hue = (classId * 137.508) % 360;
  const part = (offset: number) => {
    const along = (offset + hue / 60) % 6;
    return Math.round(255 * (1 - 0.85 * Math.max(0, Math.min(along, 4 - along, 1))));
  };
  return [part(5), part(3), part(1)];
}
