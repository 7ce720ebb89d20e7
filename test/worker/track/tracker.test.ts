import { describe, expect, test } from 'vitest';
import type { Box, Detections } from '../../../appliance/contract/frame.ts';
import { TrackerMemory } from '../../../appliance/worker/infer/track/memory.ts';
import { Tracker, trackerRules } from '../../../appliance/worker/infer/track/tracker.ts';
import { makeScene, plainScene } from './scene.ts';

type Seen = readonly [box: Box, score: number, className?: string];
const names = ['person', 'car', 'truck'];

function detections(...seen: readonly Seen[]): Detections {
  return {
    xyxy: seen.map(([box]) => box),
    confidence: seen.map(([, score]) => score),
    class_id: seen.map(([, , name = 'person']) => names.indexOf(name)),
    class_name: seen.map(([, , name = 'person']) => name),
  };
}

const rules = { ...trackerRules, confidence: 0.25 };
const at = (x: number, y = 100): Box => [x, y, x + 50, y + 100];
const ids = (objects: readonly { readonly track_id: number }[]) => objects.map(({ track_id }) => track_id);

describe('a tracker', () => {
  test('counts its tracks from 1, and skips no number for what was seen once', () => {
    const tracker = new Tracker(rules);
    expect(ids(tracker.update(0, detections([at(0), 0.9], [at(300), 0.8])))).toEqual([1, 2]);
    const flash: Seen = [at(600), 0.7];
    expect(ids(tracker.update(0.04, detections([at(0), 0.9], [at(300), 0.8], flash)))).toEqual([1, 2]);
    const late: Seen = [at(900), 0.9];
    expect(ids(tracker.update(0.08, detections([at(0), 0.9], [at(300), 0.8], late)))).toEqual([1, 2]);
    expect(ids(tracker.update(0.12, detections([at(0), 0.9], [at(300), 0.8], late)))).toEqual([1, 2, 3]);
    expect(tracker.tracks()).toEqual({ person: 3 });
  });

  test('tells the box and the score as they were detected, and the middle of the box', () => {
    const tracker = new Tracker(rules);
    expect(tracker.update(0, detections([[10.5, 20, 31.25, 60], 0.77]))).toEqual([
      ...[{ track_id: 1, class_id: 0, class: 'person', confidence: 0.77, xyxy: [10.5, 20, 31.25, 60] }].map(
        (object) => ({
          ...object,
          center: [20.88, 40],
        }),
      ),
    ]);
  });

  test('begins no track with a low score, but goes on with one', () => {
    const tracker = new Tracker(rules);
    expect(tracker.update(0, detections([at(0), 0.9], [at(300), 0.2]))).toHaveLength(1);
    for (let frame = 1; frame < 20; frame++) {
      const objects = tracker.update(frame / 25, detections([at(3 * frame), 0.12], [at(300), 0.2]));
      expect(objects).toMatchObject([{ track_id: 1, confidence: 0.12 }]);
    }
    expect(tracker.update(0.8, detections([at(60), 0.05]))).toEqual([]);
  });

  // The same walk behind a pillar, in as many or as few pictures as there are.
  test.each([5, 10, 25, 60])('finds again who was hidden for a second, at %i frames a second', (fps) => {
    const tracker = new Tracker(rules);
    const seen = new Map<number, number[]>();
    for (let frame = 0; frame < 4 * fps; frame++) {
      const ptsS = frame / fps;
      const hidden = ptsS > 2 && ptsS < 3;
      seen.set(ptsS, ids(tracker.update(ptsS, detections(...(hidden ? [] : [[at(80 * ptsS), 0.9] as const])))));
    }
    expect(new Set([...seen.values()].flat())).toEqual(new Set([1]));
    expect(seen.get(3)).toEqual([1]);
  });

  test('ends a track by the time that passes in the video, not by frames', () => {
    for (const [gapS, id] of [
      [1.4, 1],
      [1.6, 2],
    ] as const) {
      const tracker = new Tracker(rules);
      tracker.update(0, detections([at(0), 0.9]));
      tracker.update(0.04, detections([at(0), 0.9]));
      tracker.update(0.08 + gapS / 2, detections());
      tracker.update(0.04 + gapS, detections());
      tracker.update(0.05 + gapS, detections([at(0), 0.9]));
      expect(ids(tracker.update(0.06 + gapS, detections([at(0), 0.9])))).toEqual([id]);
    }
    // With no frame between, it was not missed.
    const slow = new Tracker(rules);
    expect([0, 10, 20].map((ptsS) => ids(slow.update(ptsS, detections([at(0), 0.9]))))).toEqual([[1], [1], [1]]);
  });

  test('keeps two apart who pass each other', () => {
    const tracker = new Tracker(rules);
    let last: readonly { readonly track_id: number; readonly xyxy: Box }[] = [];
    for (let frame = 0; frame <= 60; frame++) {
      const [left, right]: [Seen, Seen] = [
        [at(5 * frame), 0.9],
        [at(300 - 5 * frame, 110), 0.8],
      ];
      // In the middle the one behind is not seen.
      last = tracker.update(frame / 25, Math.abs(frame - 30) < 4 ? detections(left) : detections(left, right));
    }
    expect(last).toMatchObject([
      { track_id: 1, xyxy: at(300) },
      { track_id: 2, xyxy: at(0, 110) },
    ]);
  });

  test('tells one class of a track, whatever the detector says of it in one frame', () => {
    const tracker = new Tracker(rules);
    const said = ['truck', 'car', 'car', 'truck', 'car', 'car', 'truck', 'car'] as const;
    const told = said.map((name, frame) => {
      const [object] = tracker.update(frame / 25, detections([at(frame), name === 'car' ? 0.8 : 0.5, name]));
      return [object?.track_id, object?.class, object?.class_id];
    });
    expect(told).toEqual([[1, 'truck', 2], ...said.slice(1).map(() => [1, 'car', 1])]);
    expect(tracker.tracks()).toEqual({ car: 1 });
  });

  test('sees one thing where the detector sees two classes of it', () => {
    const tracker = new Tracker(rules);
    for (let frame = 0; frame < 5; frame++) {
      const both = detections([at(frame), 0.8, 'car'], [at(frame + 1), 0.4, 'truck']);
      expect(tracker.update(frame / 25, both)).toMatchObject([{ track_id: 1, class: 'car' }]);
    }
  });

  test('counts tracks by class, with those that have ended', () => {
    const tracker = new Tracker(rules);
    tracker.update(0, detections([at(0), 0.9, 'car'], [at(300), 0.9]));
    for (let second = 1; second < 5; second++) tracker.update(second, detections([at(300), 0.9]));
    expect(tracker.memory().tracks).toHaveLength(1);
    expect(tracker.tracks()).toEqual({ car: 1, person: 1 });
  });

  test('has a bounded memory, however many come and go', () => {
    const tracker = new Tracker(rules);
    for (let frame = 0; frame < 100; frame++) {
      // Another crowd after every second picture, as many as a detector tells of.
      const crowd = Array.from({ length: 300 }, (_, n): Seen => {
        const far = (frame >> 1) * 7000;
        return [[far + 20 * n, 0, far + 20 * n + 15, 30], 0.9, names[n % 3] ?? 'person'];
      });
      tracker.update(frame / 50, detections(...crowd));
    }
    expect(JSON.stringify(tracker.memory()).length).toBeLessThan(400_000);
    expect(Object.values(tracker.tracks()).reduce((sum, count) => sum + count, 0)).toBe(50 * 300);
  });
});

test('a tracker that goes on from the memory of another, written and read, tells the same', () => {
  const frames = makeScene({ ...plainScene, seconds: 12, pillars: 3 });
  const whole = new Tracker(rules);
  const expected = frames.map(({ ptsS, detections: seen }) => whole.update(ptsS, seen));
  let parts = new Tracker(rules);
  const told = frames.map(({ ptsS, detections: seen }, at) => {
    if (at % 3 === 0) parts = new Tracker(rules, TrackerMemory.parse(JSON.parse(JSON.stringify(parts.memory()))));
    return parts.update(ptsS, seen);
  });
  expect(told).toEqual(expected);
  expect(parts.tracks()).toEqual(whole.tracks());
  expect(JSON.stringify(parts.memory())).toBe(JSON.stringify(whole.memory()));
});
