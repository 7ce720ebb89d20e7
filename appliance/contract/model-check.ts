// What `vedette model check` asks a program of the worker's about one model, and what it is told.
import { z } from 'zod';
import { faultCodes } from './fault.ts';
import { Detections, ModelCard, Provider, Refusal } from './frame.ts';
import { RuntimeSettings } from './runtime.ts';

/** As JSON in the program's one argument. */
export const ModelQuestion = z.object({
  /** An ONNX file. */
  model: z.string(),
  providers: z.array(Provider).min(1),
  runtime: RuntimeSettings,
  /** Timed on its first frame where no picture is given. */
  video: z.string(),
  /** A PNG or JPEG file, and where the same goes with boxes drawn on it; null: only the model is looked at. */
  picture: z.object({ from: z.string(), to: z.string() }).nullable(),
});
export type ModelQuestion = z.infer<typeof ModelQuestion>;

const Speed = z.object({
  /** Of one frame, from its pixels to its boxes: the median of so many runs after the first ones. */
  ms: z.number(),
  runs: z.number().int(),
  /** Of the frame. */
  width: z.number().int(),
  height: z.number().int(),
});

/** As one line of JSON: `fault` where the model, or the picture, cannot be used. */
export const ModelAnswer = z.union([
  z.object({ fault: z.object({ code: z.enum(faultCodes), message: z.string() }) }),
  z.object({
    card: ModelCard,
    refused: z.array(Refusal),
    speed: Speed,
    /** In the picture; null without one. */
    detections: Detections.nullable(),
  }),
]);
export type ModelAnswer = z.infer<typeof ModelAnswer>;
