// The colour that a class goes by wherever it is drawn: the same for one id, far apart for neighbours. Pure.

/** Chosen to be told apart on dark and light grounds; the first ones also by people who see no red or green. */
const hues = [38, 205, 152, 320, 265, 12, 175, 85, 232, 292] as const;

/** In percent: light enough for a line on a dark picture. */
export const classTone = { saturation: 88, lightness: 62 } as const;

/** Degrees on the colour wheel, of a class by its id. */
export function classHue(classId: number): number {
  const hue = hues[classId % hues.length] ?? 38;
  // Classes beyond the list take its hues again, a little turned.
  return (hue + Math.floor(classId / hues.length) * 17) % 360;
}
