// The colour that a class goes by everywhere on the screen: the same for one name, far apart for neighbours. Pure.

/** Chosen to be told apart on dark and light grounds; the first ones also by people who see no red or green. */
const hues = [38, 205, 152, 320, 265, 12, 175, 85, 232, 292] as const;

/** Of a class by its id, such as `hsl(205 85% 62%)`: light enough for a line on a dark picture. */
export function classColour(classId: number): string {
  const hue = hues[classId % hues.length] ?? 38;
  // Classes beyond the list take its hues again, a little turned.
  const turned = (hue + Math.floor(classId / hues.length) * 17) % 360;
  return `hsl(${turned} 88% 62%)`;
}
