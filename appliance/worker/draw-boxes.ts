// Draws what was found into a picture: a frame and a label for each, in the colour of its class. Needs no font.
import { classHue, classTone } from '../contract/class-colour.ts';
import type { FoundObject } from '../contract/found.ts';
import { glyphHeight, glyphRows, glyphWidth } from './glyphs.ts';

/** 0..255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** What is drawn on, in the pixels that boxes are told in. Whatever lies outside of it is left out. */
export interface Surface {
  readonly width: number;
  readonly height: number;
  /** The second corner is outside. All are whole numbers. */
  readonly fill: (x1: number, y1: number, x2: number, y2: number, colour: Colour) => void;
  /** The same of a part of a letter, on ground that was filled: only its brightness has to be right. */
  readonly ink: (x1: number, y1: number, x2: number, y2: number, colour: Colour) => void;
}

export function drawBoxes(surface: Surface, objects: readonly FoundObject[]): void {
  // Lines and letters of a size that is seen when the picture is shown whole.
  const thickness = Math.max(1, Math.round(Math.min(surface.width, surface.height) / 360));
  // The surest one last, above the others.
  for (const object of objects.toSorted((a, b) => a.confidence - b.confidence)) {
    const [x1, y1, x2, y2] = object.box.map(Math.round) as [number, number, number, number];
    const colour = colourOf(object.classId);
    surface.fill(x1, y1, x2, y1 + thickness, colour);
    surface.fill(x1, y2 - thickness, x2, y2, colour);
    surface.fill(x1, y1, x1 + thickness, y2, colour);
    surface.fill(x2 - thickness, y1, x2, y2, colour);
    drawLabel(surface, labelOf(object), { x: x1, y: y1, thickness, colour });
  }
}

/** Such as `person #3 0.87`. */
function labelOf({ className, trackId, confidence }: FoundObject): string {
  return `${className}${trackId === null ? '' : ` #${trackId}`} ${confidence.toFixed(2)}`;
}

interface Label {
  readonly x: number;
  readonly y: number;
  readonly thickness: number;
  readonly colour: Colour;
}

const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];
const segmenter = new Intl.Segmenter();
/** More than fits beside a box; names may be longer. */
const mostLetters = 40;

/** Above its box where there is room, else inside it. */
function drawLabel(surface: Surface, text: string, { x, y, thickness: dot, colour }: Label): void {
  const letters = Array.from(segmenter.segment(text), ({ segment }) => segment).slice(0, mostLetters);
  const width = (letters.length * (glyphWidth + 1) + 1) * dot;
  const height = (glyphHeight + 2) * dot;
  const left = Math.max(0, Math.min(x, surface.width - width));
  const top = y >= height ? y - height : y;
  surface.fill(left, top, left + width, top + height, colour);
  const [red, green, blue] = colour;
  // ITU-R BT.601 luma: what a person takes for bright.
  const ink = 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? black : white;
  for (const [index, letter] of letters.entries()) {
    const dotX = left + (1 + index * (glyphWidth + 1)) * dot;
    for (const [row, bits] of glyphRows(letter).entries()) {
      const dotY = top + (1 + row) * dot;
      for (const [from, to] of runs(bits)) surface.ink(dotX + from * dot, dotY, dotX + to * dot, dotY + dot, ink);
    }
  }
}

/** Where dots lie side by side: each the first and the one behind the last, from the left. */
function runs(bits: number): (readonly [from: number, to: number])[] {
  const found: (readonly [number, number])[] = [];
  let from: number | null = null;
  for (let column = 0; column <= glyphWidth; column++) {
    const set = column < glyphWidth && ((bits >> (glyphWidth - 1 - column)) & 1) === 1;
    if (set) from ??= column;
    else if (from !== null) {
      found.push([from, column]);
      from = null;
    }
  }
  return found;
}

/** CSS Color 4 §7.1, of the hue that the class has everywhere. */
function colourOf(classId: number): Colour {
  const [saturation, lightness] = [classTone.saturation / 100, classTone.lightness / 100];
  const part = (offset: number) => {
    const along = (offset + classHue(classId) / 30) % 12;
    const reach = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(along - 3, 9 - along, 1))));
  };
  return [part(0), part(8), part(4)];
}
