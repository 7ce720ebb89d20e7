// What a running job sees now: a small picture, the boxes in it, and what was seen so far. Shown, never recorded.
import { z } from 'zod';
import { Box } from './frame.ts';

/** One thing in the picture; `box` in source pixels, as in the artifact. */
export const SeenObject = z.object({
  box: Box,
  class: z.string(),
  class_id: z.number().int().nonnegative(),
  confidence: z.number().min(0).max(1),
  /** Null where nothing is tracked. */
  track_id: z.number().int().nullable(),
});
export type SeenObject = z.infer<typeof SeenObject>;

export const Sight = z.object({
  /** 0-based. */
  frame_index: z.number().int().nonnegative(),
  pts_s: z.number().nonnegative(),
  /** Of the JPEG. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** In that frame, at most 200, the surest. */
  objects: z.array(SeenObject),
  /** Detections by class name since the job began. */
  classes: z.record(z.string(), z.number().int().nonnegative()),
});
export type Sight = z.infer<typeof Sight>;

/** As Socket.IO pushes it to those who look. `picture`: a JPEG. */
export interface PreviewView extends Sight {
  readonly job_id: string;
  readonly picture: Uint8Array | ArrayBuffer;
}
