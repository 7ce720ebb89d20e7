// A finished, failed or running job at a glance: what was seen when. Made from the artifact when it is asked for.
import { z } from 'zod';

export const TimelineTrack = z.object({
  track_id: z.number().int().positive(),
  class: z.string(),
  class_id: z.number().int().nonnegative(),
  first_s: z.number(),
  last_s: z.number(),
  first_frame: z.number().int(),
  /** In which it was seen. */
  frames: z.number().int().positive(),
  /** The highest confidence of it, 0..1. */
  best: z.number(),
});
export type TimelineTrack = z.infer<typeof TimelineTrack>;

/** `from_s`..`to_s` cut into equal bins; every list below has one number for each bin. */
export const Timeline = z.object({
  job_id: z.uuid(),
  from_s: z.number(),
  to_s: z.number(),
  /** Analysed frames. */
  frames: z.array(z.number().int().nonnegative()),
  /** Most detections first. */
  classes: z.array(
    z.object({
      class: z.string(),
      class_id: z.number().int().nonnegative(),
      /** Detections of the class. */
      detections: z.array(z.number().int().nonnegative()),
      /** The most that one frame of the bin shows at once. */
      peak: z.array(z.number().int().nonnegative()),
    }),
  ),
  /** Of a job that tracks, those seen in the span, in the order of their ids; at most 2,000. */
  tracks: z.array(TimelineTrack),
  /** More tracks than are told. */
  tracks_left_out: z.number().int().nonnegative(),
});
export type Timeline = z.infer<typeof Timeline>;
