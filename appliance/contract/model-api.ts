// The models as REST, the command line and the kiosk see them, and what may be set of one.
import { z } from 'zod';
import { DetectionSettings } from './detection.ts';
import { ModelCard, Provider, Refusal } from './frame.ts';
import { SeenObject } from './preview.ts';
import { RuntimeInfo } from './runtime.ts';

/** Of a file in a models folder, without `.onnx`. A route of its own has the name `default`. */
export const ModelName = z
  .string()
  .max(100)
  .regex(/^\w[\w.-]*$/, 'expected letters, digits, dots, hyphens and underscores, the first no dot or hyphen')
  .refine((name) => name !== 'default', 'the name "default" is taken by the appliance itself');

const ClassName = z.string().min(1).max(200);

/** What may be set of one model; what is left out comes from the next source of settings. */
export const ModelSettings = z.strictObject({
  /** The model's own names; nothing else is told. */
  classes: z.union([z.literal('all'), z.array(ClassName).min(1).max(2000)]).optional(),
  /** Scores below are dropped, 0..1. */
  confidence: z.number().min(0).max(1).optional(),
  /** Boxes of one class that overlap more than this are one, 0..1. */
  iou: z.number().min(0).max(1).optional(),
  /** The name that a class is told by, by the model's own name of it. */
  aliases: z.record(ClassName, ClassName).optional(),
});
export type ModelSettings = Readonly<z.infer<typeof ModelSettings>>;

/** A change of settings, as RFC 7396 has it: null takes away what was set, what is left out stays. */
export const ModelSettingsChange = z.strictObject({
  classes: ModelSettings.shape.classes.nullable(),
  confidence: ModelSettings.shape.confidence.nullable(),
  iou: ModelSettings.shape.iou.nullable(),
  aliases: ModelSettings.shape.aliases.nullable(),
});
export type ModelSettingsChange = Readonly<z.infer<typeof ModelSettingsChange>>;

export const ModelChoice = z.strictObject({ name: z.string() });

export const ModelView = z.object({
  name: z.string(),
  /** New jobs run on it. */
  in_use: z.boolean(),
  /** `checking`: a worker is to load it first, or does so now. */
  state: z.enum(['checking', 'usable', 'unusable']),
  /** Why it is unusable, as a sentence for a person. */
  reason: z.string().nullable(),
  /** Uploaded models can be removed; those in the operator's folder are the operator's. */
  origin: z.enum(['folder', 'upload']),
  size_bytes: z.number().int().nonnegative(),
  /** What the worker that loaded it says of it; null until one has. `sha256` is that of the weights. */
  card: ModelCard.nullable(),
  /** As the next job on it takes them; null for `classes` is all. */
  settings: DetectionSettings,
});
export type ModelView = z.infer<typeof ModelView>;

/** By name. `ladder`: the ONNX Runtime that the workers loaded, and the providers of the ladder that do not run, each with its remedy. */
export const ModelList = z.object({
  models: z.array(ModelView),
  ladder: z.object({ runtime: RuntimeInfo.nullable(), refused: z.array(Refusal) }),
});
export type ModelList = z.infer<typeof ModelList>;

/** What a model sees in one picture, however unsure (confidence ≥ 0.05), so that a screen can try thresholds by itself. */
export const ModelSight = z.object({
  model: z.string(),
  provider: Provider,
  /** Of the picture, turned as shown. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** From its pixels to its boxes. */
  ms: z.number().nonnegative(),
  /** In pixels of the picture; surest first. */
  objects: z.array(SeenObject),
});
export type ModelSight = z.infer<typeof ModelSight>;
