// What is drawn over a frame: its boxes, their labels, and where tracked things came from. Pure.
import type { DrawnObject } from '../../picture/drawn.ts';
import type { FoundObject } from '../../../../appliance/contract/found.ts';
import type { SeenFrame } from './seen.ts';
import type { Selection } from './selection.svelte.ts';

export interface MarksOptions {
  readonly frame: SeenFrame;
  readonly selection: Pick<Selection, 'shows' | 'labels' | 'trails' | 'chosen'>;
  /** A frame by its place; undefined while it is not there. */
  readonly at: (at: number) => SeenFrame | undefined;
  /** `0.87` for a confidence. */
  readonly hundredths: (value: number) => string;
}

/** Seconds that a trail reaches back. */
const trailS = 2;
/** Of a trail; more would not be told apart. */
const mostPoints = 120;

type Point = readonly [x: number, y: number];

export function marksOf({ frame, selection, at, hundredths }: MarksOptions): readonly DrawnObject[] {
  const things = frame.things.filter((thing) => selection.shows(thing));
  const trails = selection.trails ? trailsOf(frame, things, at) : new Map<number, readonly Point[]>();
  return things.map((thing) => ({
    box: thing.box,
    classId: thing.classId,
    label: selection.labels ? labelOf(thing, hundredths) : '',
    trail: (thing.trackId === null ? undefined : trails.get(thing.trackId)) ?? [],
    strong: thing.trackId !== null && thing.trackId === selection.chosen,
  }));
}

function labelOf({ className, trackId, confidence }: FoundObject, hundredths: MarksOptions['hundredths']): string {
  return `${trackId === null ? '' : `#${trackId} `}${className} ${hundredths(confidence)}`;
}

/** Centres by track id, oldest first; as far back as the frames are there. */
function trailsOf(
  frame: SeenFrame,
  things: readonly FoundObject[],
  at: MarksOptions['at'],
): ReadonlyMap<number, readonly Point[]> {
  const trails = new Map<number, Point[]>();
  for (const { trackId } of things) if (trackId !== null) trails.set(trackId, []);
  if (trails.size === 0) return trails;
  let [past, steps]: [SeenFrame | undefined, number] = [frame, 0];
  while (past !== undefined && frame.pts - past.pts <= trailS && steps < mostPoints) {
    for (const { trackId, box } of past.things) {
      if (trackId !== null) trails.get(trackId)?.unshift([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
    }
    past = at(past.at - 1);
    steps += 1;
  }
  return trails;
}
