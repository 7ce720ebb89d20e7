// Plugins from outside: where they lie, what they say of themselves, and what the worker that looked at one tells.
import { z } from 'zod';
import { inputTypes } from './plugins.ts';

/** Where one lies. */
export const PluginPlace = z.object({
  /** As the daemon calls it until it has said who it is. */
  id: z.string(),
  /** Its folder, by its real path. */
  path: z.string(),
});
export type PluginPlace = Readonly<z.infer<typeof PluginPlace>>;

/** It stands in paths of REST and names what a tool says in the lines of `frames.ndjson`. */
const Id = z
  .string()
  .regex(/^[a-z][\w.-]{0,63}$/i, 'expected a letter, then letters, digits, dots, dashes and underscores, at most 64');
/** What else stands in such a line. */
const lineKeys: readonly string[] = ['frame_index', 'pts_s', 'detections'];
const Text = z.string().max(1000);
const Words = z.array(z.string().min(1).max(100)).max(50);
const Description = z.record(z.string().max(100), z.json()).default({});
const mostLetters = 64 * 1024;

const OutsideTool = z
  .strictObject({
    id: Id.refine((id) => !lineKeys.includes(id), 'a tool cannot have this name, which every line has'),
    title: Text.default(''),
    description: Text.default(''),
    inputs: Description,
    outputs: Description,
    input_types: z.array(z.enum(inputTypes)).length(1, 'expected one: a tool takes either videos or pictures'),
    output_types: Words,
    capabilities: Words,
  })
  .transform((tool) => ({ ...tool, title: tool.title || tool.id }));

/** What a plugin says of itself, with what it leaves out. */
export const OutsideManifest = z
  .strictObject({
    id: Id,
    name: z.string().min(1).max(200),
    version: z.string().min(1).max(64),
    description: Text.default(''),
    type: z.literal('outside').default('outside'),
    author: z.string().max(200).default(''),
    license: z.string().max(100).default(''),
    capabilities: Words.default([]),
    tools: z
      .array(OutsideTool)
      .min(1)
      .max(50)
      .refine((tools) => new Set(tools.map(({ id }) => id)).size === tools.length, 'two have the same id'),
  })
  .refine((manifest) => JSON.stringify(manifest).length <= mostLetters, 'expected at most 64 KB of JSON');
export type OutsideManifest = z.infer<typeof OutsideManifest>;

/** What a worker found there: what the plugin says of itself, or why it cannot be used, as a sentence. */
export const PluginCard = z.discriminatedUnion('state', [
  z.object({ state: z.literal('usable'), manifest: OutsideManifest }),
  z.object({ state: z.literal('broken'), reason: z.string().max(4000) }),
]);
export type PluginCard = Readonly<z.infer<typeof PluginCard>>;
