// Which detection of one frame is which of the frames before: ByteTrack (Zhang et al., ECCV 2022).
import type { Box, Detections, TrackedObject } from '../../../contract/frame.ts';
import { assign } from './assignment.ts';
import { classOf, type Track, type TrackerMemory } from './memory.ts';
import { atRest, boxOf, corrected, later } from './motion.ts';

export interface TrackerRules {
  /** Scores of at least this begin tracks, and are matched first. */
  readonly confidence: number;
  /** Scores between this and `confidence` only continue tracks that the others left over. */
  readonly low: number;
  /** A track that was not seen for longer than this, in seconds of the video, ends. */
  readonly bufferS: number;
  /** Least overlap (IoU) of a track's predicted box with a sure detection, with an unsure one, and of a new track. */
  readonly sureOverlap: number;
  readonly unsureOverlap: number;
  readonly newOverlap: number;
}

/** All but the threshold, which is the job's; measured on the scenes of the tests. */
export const trackerRules = {
  low: 0.1,
  bufferS: 1.5,
  sureOverlap: 0.3,
  unsureOverlap: 0.5,
  newOverlap: 0.3,
} as const satisfies Partial<TrackerRules>;

/** A box of another class than the track's is a match only where it overlaps so much more. */
const otherClass = 0.5;
/** Boxes of two classes that overlap by more than this are one thing that the detector is not sure of. */
const sameThing = 0.85;
/** Tracks that are remembered at once; of more, those that were out of sight longest end. */
const mostTracks = 400;
const mostVotes = 5;

interface Seen {
  readonly box: Box;
  readonly score: number;
  readonly classId: number;
  readonly className: string;
}

/** A track and its predicted box. */
interface Expected {
  readonly track: Track;
  readonly box: Box;
}

export class Tracker {
  readonly #rules: TrackerRules;
  #ptsS: number | null;
  #nextId: number;
  #tracks: readonly Track[];
  readonly #ended: Map<string, number>;

  /** `memory`: of an earlier tracker with the same rules, which this one continues. */
  constructor(rules: TrackerRules, memory: TrackerMemory | null = null) {
    this.#rules = rules;
    this.#ptsS = memory?.ptsS ?? null;
    this.#nextId = memory?.nextId ?? 1;
    this.#tracks = memory?.tracks ?? [];
    this.#ended = new Map(Object.entries(memory?.ended ?? {}));
  }

  /**
   * The confirmed tracks of this frame by their ids, each with the box and the score of its detection, which may be a low
   * one. `ptsS`: seconds, not before those of the last frame. A track is confirmed by the second of two frames in a row;
   * only what is in the first frame of all is believed at once.
   */
  update(ptsS: number, detections: Detections): TrackedObject[] {
    const { confidence, low, sureOverlap, unsureOverlap, newOverlap, bufferS } = this.#rules;
    const first = this.#ptsS === null;
    const passedS = Math.max(ptsS - (this.#ptsS ?? ptsS), 0);
    this.#ptsS = ptsS;
    const expected = this.#tracks.map((track): Expected => {
      const motion = later(track.motion, passedS, track.inSight);
      return { track: { ...track, motion }, box: boxOf(motion) };
    });
    const seen = allSeen(detections);
    const known = expected.filter(({ track }) => track.id !== null);
    const sure = match(
      known,
      seen.filter(({ score }) => score >= confidence),
      sureOverlap,
      scored,
    );
    const inSight = sure.tracks.filter(({ track }) => track.inSight);
    const unsure = match(
      inSight,
      seen.filter(({ score }) => score < confidence && score >= low),
      unsureOverlap,
      plain,
    );
    const fresh = match(
      expected.filter(({ track }) => track.id === null),
      sure.seen,
      newOverlap,
      scored,
    );

    const found: (readonly [Track, Seen])[] = [];
    for (const [{ track }, one] of [...sure.pairs, ...unsure.pairs]) found.push([renewed(track, one, ptsS), one]);
    for (const [{ track }, one] of fresh.pairs) found.push([{ ...renewed(track, one, ptsS), id: this.#nextId++ }, one]);
    for (const one of fresh.seen) {
      if (found.some(([, other]) => overlap(other.box, one.box) > sameThing)) continue;
      found.push([begun(one, ptsS, first ? this.#nextId++ : null), one]);
    }
    const matched = new Set(unsure.pairs.map(([{ track }]) => track));
    const missed = sure.tracks.map(({ track }) => track).filter((track) => !matched.has(track));
    const [hidden, ended] = parted(missed, ({ seenS }) => ptsS - seenS <= bufferS);
    this.#keep([...found.map(([track]) => track), ...hidden.map((track) => ({ ...track, inSight: false }))], ended);
    return found.flatMap(([track, one]) => told(track, one)).sort((a, b) => a.track_id - b.track_id);
  }

  /** Tracks so far, by class name. */
  tracks(): Record<string, number> {
    const counts = new Map(this.#ended);
    for (const track of this.#tracks) if (track.id !== null) count(counts, classOf(track).className);
    return Object.fromEntries(counts);
  }

  /** All that is needed to go on. It does not change any more, and is a few 100 KB of JSON at the very most. */
  memory(): TrackerMemory {
    const ended = Object.fromEntries(this.#ended);
    return { version: 1, ptsS: this.#ptsS, nextId: this.#nextId, tracks: this.#tracks, ended };
  }

  #keep(tracks: readonly Track[], ended: readonly Track[]): void {
    const latest = tracks.length > mostTracks ? [...tracks].sort((a, b) => b.seenS - a.seenS) : tracks;
    this.#tracks = latest.slice(0, mostTracks);
    for (const track of [...ended, ...latest.slice(mostTracks)])
      if (track.id !== null) count(this.#ended, classOf(track).className);
  }
}

type Likeness = (overlapped: number, seen: Seen) => number;
/** Of two boxes in reach the one with the higher score is the likelier continuation. */
const scored: Likeness = (overlapped, { score }) => overlapped * score;
const plain: Likeness = (overlapped) => overlapped;

/** The pairs that are likest in sum, and what is left over on either side. */
function match(tracks: readonly Expected[], seen: readonly Seen[], least: number, likeness: Likeness) {
  const likenesses = tracks.map(({ track, box }) => {
    const { classId } = classOf(track);
    return seen.map((one) => {
      const shared = overlap(box, one.box) * (one.classId === classId ? 1 : otherClass);
      return shared >= least ? likeness(shared, one) : 0;
    });
  });
  const pairs = assign(likenesses).flatMap(([row, column]) => {
    const [track, one] = [tracks[row], seen[column]];
    return track && one ? [[track, one] as const] : [];
  });
  const [usedTracks, usedSeen] = [new Set(pairs.map(([track]) => track)), new Set(pairs.map(([, one]) => one))];
  return {
    pairs,
    tracks: tracks.filter((track) => !usedTracks.has(track)),
    seen: seen.filter((one) => !usedSeen.has(one)),
  };
}

function allSeen({ xyxy, confidence, class_id: ids, class_name: names }: Detections): Seen[] {
  return xyxy.map((box, at) => {
    return { box, score: confidence[at] ?? 0, classId: ids[at] ?? 0, className: names[at] ?? '' };
  });
}

function begun({ box, score, classId, className }: Seen, ptsS: number, id: number | null): Track {
  const votes = [{ classId, className, weight: score }];
  return { id, motion: atRest(box), seenS: ptsS, inSight: true, votes };
}

function renewed(track: Track, { box, score, classId, className }: Seen, ptsS: number): Track {
  const [same, others] = parted(track.votes, (vote) => vote.classId === classId);
  const vote = { classId, className, weight: (same[0]?.weight ?? 0) + score };
  const votes = same.length > 0 ? track.votes.map((one) => (one.classId === classId ? vote : one)) : [...others, vote];
  if (votes.length > mostVotes) votes.splice(weakest(votes), 1);
  return { ...track, motion: corrected(track.motion, box), seenS: ptsS, inSight: true, votes };
}

function weakest(votes: readonly { readonly weight: number }[]): number {
  return votes.reduce((least, { weight }, at) => (weight < (votes[least]?.weight ?? 0) ? at : least), 0);
}

/** Nothing of a track that is not confirmed. */
function told(track: Track, { box, score }: Seen): TrackedObject[] {
  if (track.id === null) return [];
  const { classId, className } = classOf(track);
  const center: [number, number] = [middle(box[0], box[2]), middle(box[1], box[3])];
  return [{ track_id: track.id, class_id: classId, class: className, confidence: score, xyxy: box, center }];
}

function middle(a: number, b: number): number {
  return Math.round((a + b) * 50) / 100;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function parted<T>(all: readonly T[], first: (one: T) => boolean): [T[], T[]] {
  return [all.filter(first), all.filter((one) => !first(one))];
}

/** Intersection over union, 0..1. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common);
}
