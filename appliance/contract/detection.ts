// What of the things that a model sees is told, and by which names.
import { z } from 'zod';

export const DetectionSettings = z.object({
  /** Scores below are dropped, 0..1. */
  confidence: z.number().min(0).max(1),
  /** Boxes of one class that overlap more than this are one, 0..1. */
  iou: z.number().min(0).max(1),
  /** Of these classes alone, by the model's own names; null: of all. */
  classes: z.array(z.string()).nullable(),
  /** The name that a class is told by, by the model's own name of it. */
  aliases: z.record(z.string(), z.string()),
});
export type DetectionSettings = Readonly<z.infer<typeof DetectionSettings>>;
