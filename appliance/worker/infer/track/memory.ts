// What a tracker knows between two frames, as data: a job that is taken up goes on with it as if nothing had happened.
import { z } from 'zod';
import { Motion } from './motion.ts';

/** How sure the detector has been that a track is of this class: the sum of its scores. */
const Vote = z.object({ classId: z.number().int(), className: z.string(), weight: z.number() });

export const Track = z.object({
  /** Null until a second frame has confirmed it. */
  id: z.number().int().positive().nullable(),
  motion: Motion,
  /** Time of the last frame that it was seen in, seconds. */
  seenS: z.number(),
  /** Whether that was the last frame of all. */
  inSight: z.boolean(),
  votes: z.array(Vote).readonly(),
});
export type Track = Readonly<z.infer<typeof Track>>;

export const TrackerMemory = z.object({
  /** Of the rules of tracking: what others have made is not gone on from. */
  version: z.literal(1),
  /** Of the last frame, seconds; null before the first. */
  ptsS: z.number().nullable(),
  nextId: z.number().int().positive(),
  tracks: z.array(Track).readonly(),
  /** Tracks that have ended, by class name. */
  ended: z.record(z.string(), z.number().int()),
});
export type TrackerMemory = Readonly<z.infer<typeof TrackerMemory>>;

/** The class of a track; of equal ones the one that was seen first. */
export function classOf({ votes }: Track): { readonly classId: number; readonly className: string } {
  return votes.reduce((best, vote) => (vote.weight > best.weight ? vote : best), votes[0] ?? nobody);
}

const nobody = { classId: 0, className: '', weight: 0 };
