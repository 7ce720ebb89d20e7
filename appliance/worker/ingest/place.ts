// A place in a video that can be found again: how many frames lie before it, and what the last of them looked like.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import { Decoding, type DecodingOptions } from './decoding.ts';

export const Place = z.object({
  /** Frames before it, ≥ 1. */
  frames: z.number().int().positive(),
  /** Of the last of them, in ns. */
  ptsNs: z.number().int().nonnegative(),
  /** Where it ends. */
  endNs: z.number().int().nonnegative(),
  /** Hash of its pixels in the size that the model wants. */
  picture: z.string(),
});
export type Place = z.infer<typeof Place>;

export function pictureHash(pixels: Uint8Array): string {
  return createHash('sha256').update(pixels).digest('hex');
}

/**
 * Containers that store the time of every frame. Demuxers of the others reckon it anew after a seek, sometimes a frame or
 * two off, which in a still scene no picture tells.
 */
const timed: ReadonlySet<string> = new Set(['mp4', '3gp', 'matroska', 'webm']);

/** Less than this is decoded again as quickly as it could be sought. */
const worthASeekS = 4;
/** A seek may land a little late, and the first picture behind it may have its time cut. */
const runUpS = 1;

export interface FindOptions extends DecodingOptions {
  /** As the probe named it. */
  readonly container: string;
  /** False: no seek, all before the place is decoded again. */
  readonly mayJump: boolean;
  /** Called for every picture that is passed, as a sign of life. */
  readonly onPassed: () => void;
}

/**
 * A decoding whose next picture is the first behind `place`. It is believed only where the picture before it has the
 * same time and the same pixels as it had; else it is looked for from the start, where the count must lead to it.
 * Null where not even that does: the file does not decode twice to the same. Throws as Decoding.next does.
 */
export async function findPlace(place: Place, options: FindOptions): Promise<Decoding | null> {
  const second = Math.floor(place.ptsNs / 1e9) - runUpS;
  if (options.mayJump && timed.has(options.container) && second >= worthASeekS) {
    const decoding = await byJump(place, second, options);
    if (decoding) return decoding;
  }
  const decoding = Decoding.fromStart(options);
  if (await passCount(decoding, place, options)) return decoding;
  decoding.stop();
  return null;
}

/** Null where the jump led elsewhere, or nowhere: a silent pipeline is left to its player, since stopping it may block. */
async function byJump(place: Place, second: number, options: FindOptions): Promise<Decoding | null> {
  try {
    const decoding = await Decoding.fromSecond(options, second);
    if (await passTime(decoding, place, options)) return decoding;
    decoding.stop();
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'source-stalled') throw fault;
  }
  return null;
}

async function passTime(decoding: Decoding, place: Place, { onPassed }: FindOptions): Promise<boolean> {
  for (let picture = await decoding.next(); picture; picture = await decoding.next()) {
    onPassed();
    if (picture.ptsNs === place.ptsNs && pictureHash(picture.pixels) === place.picture) return true;
    if (picture.ptsNs === null || picture.ptsNs > place.ptsNs) return false;
  }
  return false;
}

async function passCount(decoding: Decoding, place: Place, { onPassed }: FindOptions): Promise<boolean> {
  for (let passed = 1; passed <= place.frames; passed++) {
    const picture = await decoding.next();
    if (!picture) return false;
    onPassed();
    if (passed === place.frames) return pictureHash(picture.pixels) === place.picture;
  }
  return false;
}
