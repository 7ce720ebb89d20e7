// Scenes of boxes with known identities, and what a detector with known faults would say of them.
import type { Box, Detections } from '../../../appliance/contract/frame.ts';
import { overlap } from '../matching.ts';
import { Random } from './random.ts';
import type { Known } from './score.ts';

export interface SceneFrame {
  readonly ptsS: number;
  readonly truth: readonly Known[];
  readonly detections: Detections;
}

export interface SceneOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Frames a second; each interval is longer or shorter by up to `uneven`, 0..1. */
  readonly fps: number;
  readonly uneven: number;
  /** Walkers that come one after the other, each `everyS` after the last one. */
  readonly everyS: number;
  /** Pillars that hide what passes behind them. */
  readonly pillars: number;
  /** Standard deviation of the camera's shaking, pixels. */
  readonly shaking: number;
  /** Standard deviation of a detected edge, as a share of the box's size. */
  readonly jitter: number;
  /** Probability that a walker in plain sight is missed, and false alarms a frame. */
  readonly misses: number;
  readonly alarms: number;
}

export const plainScene: SceneOptions = {
  ...{ seed: 1, seconds: 20, fps: 25, uneven: 0, everyS: 1, pillars: 2, shaking: 0 },
  ...{ jitter: 0.02, misses: 0.03, alarms: 0.2 },
};

const [screenWidth, screenHeight] = [1280, 720];
const pillarWidth = 50;
/** Below so much of it in sight, a walker is in nobody's truth, and below the second share it is hard to see. */
const [hidden, hard] = [0.25, 0.6];
/** What the detector keeps of boxes that overlap. */
const suppressedAbove = 0.7;

interface Walker {
  readonly id: number;
  readonly fromS: number;
  /** Left to right, or right to left. */
  readonly heading: 1 | -1;
  /** Pixels a second. */
  readonly speed: number;
  readonly width: number;
  readonly height: number;
  /** Lower edge; who stands lower stands in front. */
  readonly ground: number;
  readonly sway: number;
}

/**
 * Walkers cross a picture of 1280×720 in both directions at their own speeds, in front of and behind each other and behind
 * pillars. Who is hardly in sight is missed or scores low.
 */
export function makeScene(options: SceneOptions): SceneFrame[] {
  const random = new Random(options.seed);
  const walkers = Array.from({ length: Math.ceil(options.seconds / options.everyS) }, (_, at) =>
    walker(at + 1, (at - 3) * options.everyS, random),
  );
  const pillars = Array.from({ length: options.pillars }, (_, at): Box => {
    const x = (screenWidth * (at + 1)) / (options.pillars + 1);
    return [x, 0, x + pillarWidth, screenHeight];
  });
  const frames: SceneFrame[] = [];
  for (let ptsS = 0; ptsS < options.seconds;) {
    const [dx, dy] = [random.normal(options.shaking), random.normal(options.shaking)];
    const boxes = walkers.map((one) => ({ one, box: shifted(boxAt(one, ptsS), dx, dy) }));
    const inFront = ({ ground }: Walker) => [
      ...boxes.filter(({ one }) => one.ground > ground).map(({ box }) => box),
      ...pillars.map((pillar) => shifted(pillar, dx, dy)),
    ];
    const seen = boxes.flatMap(({ one, box }) => {
      const share = shareInSight(box, inFront(one));
      const [x1, y1, x2, y2] = box;
      const clipped: Box = [Math.max(x1, 0), Math.max(y1, 0), Math.min(x2, screenWidth), Math.min(y2, screenHeight)];
      return share < hidden ? [] : [{ id: one.id, box: clipped, share }];
    });
    frames.push({ ptsS, truth: seen.map(({ id, box }) => ({ id, box })), detections: detected(seen, options, random) });
    ptsS += (1 + options.uneven * random.between(-1, 1)) / options.fps;
  }
  return frames;
}

function walker(id: number, fromS: number, random: Random): Walker {
  const height = random.between(110, 220);
  return {
    ...{ id, fromS, height, width: height * random.between(0.35, 0.45) },
    ...{ heading: random.chance(0.5) ? 1 : -1, speed: random.between(90, 220) },
    ...{ ground: random.between(380, 700), sway: random.between(0, 0.04) },
  };
}

function boxAt({ fromS, heading, speed, width, height, ground, sway }: Walker, ptsS: number): Box {
  const gone = speed * (ptsS - fromS);
  const x = (heading === 1 ? gone : screenWidth - gone) + sway * width * Math.sin(9 * ptsS);
  const wide = width * (1 + sway * Math.sin(12 * ptsS));
  return [x - wide / 2, ground - height, x + wide / 2, ground];
}

function shifted([x1, y1, x2, y2]: Box, dx: number, dy: number): Box {
  return [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
}

/** Of a box, by a grid of points: within the picture and behind nothing. */
function shareInSight([x1, y1, x2, y2]: Box, inFront: readonly Box[]): number {
  if (x2 <= 0 || x1 >= screenWidth) return 0;
  const steps = 10;
  let open = 0;
  for (let column = 0; column < steps; column++) {
    for (let row = 0; row < steps; row++) {
      const x = x1 + ((column + 0.5) / steps) * (x2 - x1);
      const y = y1 + ((row + 0.5) / steps) * (y2 - y1);
      const covered = inFront.some((box) => x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3]);
      if (!covered && x >= 0 && x < screenWidth && y >= 0 && y < screenHeight) open++;
    }
  }
  return open / steps ** 2;
}

function detected(
  seen: readonly { readonly box: Box; readonly share: number }[],
  { jitter, misses, alarms }: SceneOptions,
  random: Random,
): Detections {
  const found: { box: Box; score: number }[] = [];
  for (const { box, share } of seen) {
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    const noise = () => random.normal(jitter);
    const [a, b, c, d] = [noise() * width, noise() * height, noise() * width, noise() * height];
    const score = share >= hard ? random.between(0.35, 0.95) : random.between(0.05, 0.45);
    if (random.chance(share >= hard ? misses : 4 * misses)) continue;
    found.push({ box: [box[0] + a, box[1] + b, box[2] + c, box[3] + d], score });
  }
  for (let left = alarms; random.chance(left); left--) {
    const [x, y] = [random.between(0, screenWidth - 60), random.between(0, screenHeight - 140)];
    found.push({ box: [x, y, x + 60, y + 140], score: random.between(0.05, 0.5) });
  }
  found.sort((a, b) => b.score - a.score);
  const kept = found.filter(
    ({ box }, at) => !found.slice(0, at).some((other) => overlap(other.box, box) > suppressedAbove),
  );
  return {
    xyxy: kept.map(({ box }) => box),
    confidence: kept.map(({ score }) => score),
    class_id: kept.map(() => 0),
    class_name: kept.map(() => 'person'),
  };
}
