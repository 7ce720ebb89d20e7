// The colour that a class goes by everywhere on the screen, as CSS takes it. Pure.
import { classHue, classTone } from '../../../appliance/contract/class-colour.ts';

/** Of a class by its id, such as `hsl(205 88% 62%)`. */
export function classColour(classId: number): string {
  return `hsl(${classHue(classId)} ${classTone.saturation}% ${classTone.lightness}%)`;
}
