// What a job leaves beside its results: the annotated video, clips, and where they were delivered to.
import { z } from 'zod';

/** One moment of the video. Times in seconds from its start; those of the file, which begins at a key frame. */
export const Clip = z.object({
  /** Counts from 1; names the files. */
  number: z.number().int().positive(),
  class: z.string(),
  /** Of what was seen, without the rolls. */
  seen_from_s: z.number().nonnegative(),
  seen_to_s: z.number().nonnegative(),
  /** Of the file. */
  from_s: z.number().nonnegative(),
  to_s: z.number().nonnegative(),
  /** The highest confidence in it. */
  best: z.number().min(0).max(1),
  bytes: z.number().int().nonnegative(),
  type: z.enum(['video/mp4', 'video/x-matroska']),
  /** A JPEG of it lies beside it. */
  poster: z.boolean(),
});
export type Clip = Readonly<z.infer<typeof Clip>>;

/** What one target has got. */
export const Delivery = z.object({
  target: z.string(),
  files: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  /** Where they are now, without secrets. */
  place: z.string(),
});
export type Delivery = Readonly<z.infer<typeof Delivery>>;

export const Products = z.object({
  /** Bytes of the annotated video; null where there is none. */
  annotated_bytes: z.number().int().nonnegative().nullable(),
  clips: z.array(Clip).max(500),
  deliveries: z.array(Delivery).max(20),
});
export type Products = Readonly<z.infer<typeof Products>>;

export const noProducts: Products = { annotated_bytes: null, clips: [], deliveries: [] };

/** File names in a job's folder. */
export const productFiles = {
  annotated: 'annotated.mp4',
  /** What it is put together from; gone when it is there. */
  annotatedPictures: 'annotated.pictures',
  annotatedSound: 'annotated.sound',
  clip: (number: number) => `clip-${String(number).padStart(4, '0')}`,
} as const;

/** Of one clip: the video, the picture of its surest moment, and what is known of it. */
export function clipFiles({
  number,
  type,
}: Pick<Clip, 'number' | 'type'>): Record<'video' | 'poster' | 'notes', string> {
  const stem = productFiles.clip(number);
  return { video: `${stem}.${type === 'video/mp4' ? 'mp4' : 'mkv'}`, poster: `${stem}.jpg`, notes: `${stem}.json` };
}
