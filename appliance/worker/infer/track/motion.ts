// How a box moves: a Kalman filter with constant velocity, in centre and size, over the time that really passed.
import { z } from 'zod';
import type { Box } from '../../../contract/frame.ts';

/**
 * Of one coordinate: value in pixels, velocity in pixels a tick, and their variances and covariance. As covariances are
 * diagonal between coordinates at the start and stay so, four filters of two are the usual one of eight.
 */
const Coordinate = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
type Coordinate = z.infer<typeof Coordinate>;

/** Centre x, centre y, width, height. */
export const Motion = z.tuple([Coordinate, Coordinate, Coordinate, Coordinate]);
export type Motion = z.infer<typeof Motion>;

/** The noise below is that of one frame at 30 a second; other times between frames bring more or less of it. */
const ticksPerSecond = 30;
// Standard deviations as shares of the box's width (of x and width) or height (of y and height): SORT with a deep
// association metric (Wojke et al. 2017), as ByteTrack (Zhang et al. 2022) has them; width instead of the aspect ratio
// as in BoT-SORT (Aharon et al. 2022, section 3.1).
const valueShare = 1 / 20;
const velocityShare = 1 / 160;

/** Of a box that was seen once: at rest, and not sure of it. */
export function atRest(box: Box): Motion {
  const [x, y, width, height] = measured(box);
  const begin = (value: number, size: number): Coordinate => [
    value,
    0,
    (2 * valueShare * size) ** 2,
    0,
    (10 * velocityShare * size) ** 2,
  ];
  return [begin(x, width), begin(y, height), begin(width, width), begin(height, height)];
}

/** `seconds` ≥ 0 later. One that is out of sight keeps its size: what it last seemed to grow by is what hides it. */
export function later(motion: Motion, seconds: number, inSight: boolean): Motion {
  const [x, y, width, height] = motion;
  const ticks = seconds * ticksPerSecond;
  const [w, h] = [sizeOf(width), sizeOf(height)];
  const grown = (size: Coordinate): Coordinate => (inSight ? size : [size[0], 0, size[2], size[3], size[4]]);
  return [moved(x, w, ticks), moved(y, h, ticks), moved(grown(width), w, ticks), moved(grown(height), h, ticks)];
}

/** Corrected by where it was really seen. */
export function corrected(motion: Motion, box: Box): Motion {
  const [x, y, width, height] = motion;
  const [seenX, seenY, seenWidth, seenHeight] = measured(box);
  const [w, h] = [sizeOf(width), sizeOf(height)];
  return [drawn(x, w, seenX), drawn(y, h, seenY), drawn(width, w, seenWidth), drawn(height, h, seenHeight)];
}

export function boxOf([x, y, width, height]: Motion): Box {
  const [halfWidth, halfHeight] = [sizeOf(width) / 2, sizeOf(height) / 2];
  return [x[0] - halfWidth, y[0] - halfHeight, x[0] + halfWidth, y[0] + halfHeight];
}

/** A filter may overshoot where a box shrinks quickly. */
function sizeOf(size: Coordinate): number {
  return Math.max(size[0], 1);
}

function moved([value, velocity, spread, joint, velocitySpread]: Coordinate, size: number, ticks: number): Coordinate {
  return [
    value + velocity * ticks,
    velocity,
    spread + ticks * (2 * joint + ticks * velocitySpread) + ticks * (valueShare * size) ** 2,
    joint + ticks * velocitySpread,
    velocitySpread + ticks * (velocityShare * size) ** 2,
  ];
}

function drawn([value, velocity, spread, joint, velocitySpread]: Coordinate, size: number, seen: number): Coordinate {
  const total = spread + (valueShare * size) ** 2;
  const [gain, velocityGain] = [spread / total, joint / total];
  const surprise = seen - value;
  return [
    value + gain * surprise,
    velocity + velocityGain * surprise,
    (1 - gain) * spread,
    (1 - gain) * joint,
    velocitySpread - velocityGain * joint,
  ];
}

function measured([x1, y1, x2, y2]: Box): [number, number, number, number] {
  return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1];
}
