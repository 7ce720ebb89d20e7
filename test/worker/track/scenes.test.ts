// How well identities are kept where people cross, hide and are missed; against a plain tracker and a perfect one.
import { describe, expect, test } from 'vitest';
import type { Detections } from '../../../appliance/contract/frame.ts';
import { Tracker, type TrackerRules, trackerRules } from '../../../appliance/worker/infer/track/tracker.ts';
import { overlap } from '../matching.ts';
import { GreedyTracker } from './greedy.ts';
import { makeScene, plainScene, type SceneFrame, type SceneOptions } from './scene.ts';
import { hota, idf1, type Known } from './score.ts';

const confidence = 0.25;
const scenes: Readonly<Record<string, Partial<SceneOptions>>> = {
  'people who cross': { everyS: 0.7, pillars: 0 },
  'people behind pillars': { pillars: 4 },
  'a camera that shakes': { shaking: 4 },
  '10 frames a second': { fps: 10 },
  'uneven times between frames': { fps: 20, uneven: 0.8 },
  'unsteady boxes': { jitter: 0.05, pillars: 1 },
};
const seeds = [1, 2, 3];

type Follow = (frame: SceneFrame) => readonly Known[];

function byteTrack(rules: Partial<TrackerRules> = {}): Follow {
  const tracker = new Tracker({ ...trackerRules, confidence, ...rules });
  return ({ ptsS, detections }) =>
    tracker.update(ptsS, detections).map(({ track_id, xyxy }) => ({ id: track_id, box: xyxy }));
}

function greedy(): Follow {
  const tracker = new GreedyTracker(confidence);
  return ({ ptsS, detections }) => tracker.update(ptsS, detections);
}

/** Told the truth about every detection of a score that a tracker may use: nobody could do better with these. */
function perfect(): Follow {
  let alarms = 0;
  const identify = (truth: readonly Known[], { xyxy, confidence: scores }: Detections): Known[] =>
    xyxy
      .filter((_, at) => (scores[at] ?? 0) >= trackerRules.low)
      .map((box) => {
        const [nearest] = [...truth].sort((a, b) => overlap(b.box, box) - overlap(a.box, box));
        const known = nearest !== undefined && overlap(nearest.box, box) >= 0.5;
        return { id: known ? nearest.id : 10_000 + alarms++, box };
      });
  return ({ truth, detections }) => identify(truth, detections);
}

function scenesOf(options: Partial<SceneOptions>): SceneFrame[][] {
  return seeds.map((seed) => makeScene({ ...plainScene, ...options, seed }));
}

/** The mean over the scenes. */
function score(all: readonly SceneFrame[][], follow: () => Follow) {
  const scores = all.map((frames) => {
    const follower = follow();
    const scored = frames.map((frame) => ({ truth: frame.truth, found: follower(frame) }));
    return { idf1: idf1(scored), hota: hota(scored).hota };
  });
  const mean = (key: 'idf1' | 'hota') => scores.reduce((sum, one) => sum + one[key], 0) / scores.length;
  return { idf1: mean('idf1'), hota: mean('hota') };
}

describe('identities are kept', () => {
  test.each(Object.entries(scenes))('with %s', (name, options) => {
    const frames = scenesOf(options);
    const ours = score(frames, byteTrack);
    const plain = score(frames, greedy);
    const best = score(frames, perfect);
    const words = [ours, plain, best].map((one) => `IDF1 ${one.idf1.toFixed(3)}, HOTA ${one.hota.toFixed(3)}`);
    process.stdout.write(`${name}: ${words[0]} (greedy: ${words[1]}; at best: ${words[2]})\n`);
    expect(ours.idf1).toBeGreaterThanOrEqual(0.9);
    expect(ours.hota).toBeGreaterThanOrEqual(0.9 * best.hota);
    // So much harder are these scenes than what a plain tracker can do.
    expect(plain.idf1).toBeLessThan(0.8);
  });

  test('through moments in which somebody is hard to see, by scores that would begin no track', () => {
    const frames = scenesOf({ pillars: 4 });
    const withLow = score(frames, byteTrack);
    const without = score(frames, () => byteTrack({ low: confidence }));
    expect(withLow.hota).toBeGreaterThan(without.hota + 0.01);
  });
});
