// What a person may set of the appliance itself on the kiosk.
import { z } from 'zod';

const Value = z.union([z.string(), z.number(), z.boolean()]).nullable();
export type SettingValue = z.infer<typeof Value>;

export const SettingView = z.object({
  /** As in the settings file, such as `storage.jobs_days`. */
  key: z.string(),
  value: Value,
  default: Value,
  kind: z.enum(['text', 'number', 'integer', 'switch']),
  /** True where null is a value, such as: never. */
  optional: z.boolean(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  /** `variable`: a VEDETTE_… variable says so, and nothing said here stands above it. */
  source: z.enum(['default', 'file', 'kiosk', 'variable']),
  effect: z.enum(['live', 'restart']),
  /** True while what is said here holds only after a restart. */
  pending: z.boolean(),
});
export type SettingView = z.infer<typeof SettingView>;

export const SettingsView = z.object({
  settings: z.array(SettingView),
  /** True where operator functions ask the kiosk's visitors for a PIN. */
  pin: z.boolean(),
});
export type SettingsView = z.infer<typeof SettingsView>;

/** By key; null sets null where that is a value. Left out keys stay. `reset`: keys for which the kiosk says nothing more. */
export const SettingsChange = z.strictObject({
  set: z.record(z.string(), Value).default({}),
  reset: z.array(z.string()).default([]),
});
export type SettingsChange = z.infer<typeof SettingsChange>;

export const Pin = z.string().regex(/^\d{4,8}$/, 'expected 4 to 8 digits');
