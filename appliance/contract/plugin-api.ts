// The plugins as REST shows them: how each fares since the daemon started.
import { z } from 'zod';

export const PluginView = z.object({
  /** Its id; that of its folder while it has not said one. */
  name: z.string(),
  state: z.enum(['loading', 'ready', 'busy', 'degraded', 'broken']),
  description: z.string(),
  /** A sentence where it is not as it should be. */
  reason: z.string().nullable(),
  version: z.string(),
  uptime_seconds: z.number().nullable(),
  last_used: z.iso.datetime().nullable(),
  success_count: z.number().int(),
  error_count: z.number().int(),
  last_execution_time_ms: z.number().nullable(),
  avg_execution_time_ms: z.number().nullable(),
});
export type PluginView = Readonly<z.infer<typeof PluginView>>;
