// How the appliance fares, part by part, as REST and the kiosk see it.
import { z } from 'zod';

/**
 * One part. `sentence` and `remedy` are for a person, in English; `code` names the same for a screen that speaks other
 * languages, with `values` for what stands in its sentence.
 */
export const HealthPart = z.object({
  part: z.enum(['worker', 'model', 'database', 'disk', 'mqtt', 'backups', 'network', 'temperature']),
  state: z.enum(['ok', 'warning', 'bad', 'off']),
  /** Such as `mqtt-connected` or `disk-low`. */
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  sentence: z.string(),
  remedy: z.string().nullable(),
});
export type HealthPart = z.infer<typeof HealthPart>;

export const Health = z.object({ parts: z.array(HealthPart) });
export type Health = z.infer<typeof Health>;

/** One moment of the machine and the daemon. */
export const Vitals = z.object({
  /** ms since 1970. */
  ts: z.number().int(),
  /** Share of all cores that is busy, 0..1. */
  cpu: z.number().min(0).max(1),
  memory_used_bytes: z.number().int().nonnegative(),
  memory_total_bytes: z.number().int().positive(),
  /** The hottest sensor, °C; null where there is none. */
  temperature_c: z.number().nullable(),
  /** Share of the GPU that is busy, 0..1; null where there is none that tells. */
  gpu: z.number().min(0).max(1).nullable(),
  disk_free_bytes: z.number().int().nonnegative().nullable(),
  /** Frames a second of all running jobs. */
  fps: z.number().nonnegative(),
  /** 99th percentile of the event loop's delay since the last sample, ms. */
  loop_delay_ms: z.number().nonnegative(),
  /** Live clients. */
  clients: z.number().int().nonnegative(),
});
export type Vitals = z.infer<typeof Vitals>;

/** The last hour, oldest first. */
export const VitalsHistory = z.object({ every_s: z.number().int().positive(), samples: z.array(Vitals) });
export type VitalsHistory = z.infer<typeof VitalsHistory>;

/** One line of the log. `n` grows by one for each line of this boot. */
export const LogLine = z.object({
  n: z.number().int().positive(),
  ts: z.number().int(),
  level: z.enum(['debug', 'info', 'warn', 'error', 'fatal']),
  message: z.string(),
  /** What the line says beside, as text, such as `jobId=… reason=…`; secrets are masked. */
  details: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

/** The newest lines, oldest first. */
export const LogTail = z.object({ lines: z.array(LogLine) });
export type LogTail = z.infer<typeof LogTail>;

/** Where other devices reach the kiosk. `urls` is empty while it listens to this machine alone. */
export const Addresses = z.object({
  urls: z.array(z.url()),
  /** True where a device needs a key. */
  locked: z.boolean(),
});
export type Addresses = z.infer<typeof Addresses>;

export const BackupView = z.object({
  name: z.string(),
  bytes: z.number().int().nonnegative(),
  made_at: z.iso.datetime(),
});
export type BackupView = z.infer<typeof BackupView>;

/** Newest first. */
export const BackupList = z.object({ backups: z.array(BackupView) });
export type BackupList = z.infer<typeof BackupList>;
