// Videos that are taken in from folders of the machine, such as a USB stick's.
import { z } from 'zod';
import { JobOptions } from './job-options.ts';

export const ImportFolder = z.object({
  name: z.string(),
  /** False while it is not there: a stick that is not plugged in. */
  available: z.boolean(),
});
export type ImportFolder = z.infer<typeof ImportFolder>;

/** One file on its way from such a folder to its job. */
export const ImportCopy = z.object({
  id: z.uuid(),
  folder: z.string(),
  /** Inside the folder. */
  path: z.string(),
  bytes: z.number().int().nonnegative(),
  copied_bytes: z.number().int().nonnegative(),
  state: z.enum(['waiting', 'copying', 'done', 'failed']),
  /** Why it failed, as a sentence for a person. */
  error: z.string().nullable(),
  /** Once it is done. */
  job_id: z.uuid().nullable(),
});
export type ImportCopy = z.infer<typeof ImportCopy>;

/** Copies: those under way, and the newest that ended, at most 100, oldest first. */
export const Imports = z.object({ folders: z.array(ImportFolder), copies: z.array(ImportCopy) });
export type Imports = z.infer<typeof Imports>;

export const ImportEntry = z.object({
  name: z.string(),
  kind: z.enum(['folder', 'video']),
  bytes: z.number().int().nonnegative(),
  modified_at: z.iso.datetime(),
});
export type ImportEntry = z.infer<typeof ImportEntry>;

/** Folders first, by name; at most 2,000. */
export const ImportListing = z.object({
  path: z.string(),
  entries: z.array(ImportEntry),
  left_out: z.number().int().nonnegative(),
});
export type ImportListing = z.infer<typeof ImportListing>;

export const ImportRequest = z.strictObject({
  folder: z.string(),
  /** Inside the folder. */
  paths: z.array(z.string().min(1).max(4096)).min(1).max(500),
  plugin_id: z.string().default('yolo-tracker'),
  /** One, or several that look at the same decode. */
  tool: z.union([z.string(), z.array(z.string()).min(1).max(20)]),
  options: JobOptions.partial().optional(),
});
export type ImportRequest = z.infer<typeof ImportRequest>;
