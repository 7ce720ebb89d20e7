// ONNX Runtime: which one workers load, what it has, and what `vedette doctor` asks of it.
import { z } from 'zod';
import { Provider, Refusal } from './frame.ts';

/** How a worker is to load ONNX Runtime, and what TensorRT is given. */
export const RuntimeSettings = z.object({
  /** Package folder of the binding to load; null: the one that comes with Vedette. */
  binding: z.string().nullable(),
  /** TensorRT's own options, for a binding that passes them on. */
  tensorrtOptions: z.record(z.string(), z.string()),
  /** Folder of TensorRT engines that were made ahead; null: none is kept. */
  engines: z.string().nullable(),
});
export type RuntimeSettings = z.infer<typeof RuntimeSettings>;

/** The ONNX Runtime that a worker loaded. */
export const RuntimeInfo = z.object({
  version: z.string(),
  /** The one that comes with Vedette, or that the settings name. */
  source: z.enum(['bundled', 'user-built']),
  /** The providers that this build has; that it has one does not mean that it runs. */
  backends: z.array(z.string()),
});
export type RuntimeInfo = z.infer<typeof RuntimeInfo>;

/** What the doctor asks a program of the worker's, as JSON in its one argument. */
export const ProviderQuestion = z.object({
  providers: z.array(Provider).min(1),
  runtime: RuntimeSettings,
  /** The model's file, which a TensorRT engine must fit. */
  model: z.string(),
});
export type ProviderQuestion = z.infer<typeof ProviderQuestion>;

/** Its answer, as one line of JSON: `fault` where ONNX Runtime itself cannot be loaded. */
export const ProviderAnswer = z.union([
  z.object({ fault: z.string() }),
  z.object({ runtime: RuntimeInfo, ladder: z.array(z.object({ provider: Provider, refusal: Refusal.nullable() })) }),
]);
export type ProviderAnswer = z.infer<typeof ProviderAnswer>;
