// The plugins: how they fare, and what they offer.
import { z } from 'zod';
import type { ModelCard } from '../../contract/frame.ts';
import { findPlugin, plugins } from '../../contract/plugins.ts';
import { json } from './answer.ts';
import { type Route, route } from './route.ts';
import { Detail, ManifestView, PluginView } from './schemas.ts';

/** How one plugin fares since the daemon started. */
export interface PluginState {
  readonly state: 'loading' | 'ready' | 'busy' | 'degraded';
  /** A sentence where it is not as it should be. */
  readonly reason: string | null;
  readonly uptime_seconds: number | null;
  /** ISO 8601. */
  readonly last_used: string | null;
  readonly success_count: number;
  readonly error_count: number;
  readonly last_execution_time_ms: number | null;
  readonly avg_execution_time_ms: number | null;
}

export interface PluginRoutesOptions {
  readonly pluginState: (id: string) => PluginState;
  /** The model in use, null while none is loaded. */
  readonly model: () => ModelCard | null;
}

export function pluginRoutes({ pluginState, model }: PluginRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/plugins',
      summary: 'The plugins and how they fare',
      answers: { 200: { description: 'All plugins', schema: z.array(PluginView) } },
      handle: () =>
        json(plugins.map(({ id, description, version }) => ({ name: id, description, version, ...pluginState(id) }))),
    }),
    route({
      method: 'GET',
      path: '/v1/plugins/{plugin_id}/manifest',
      summary: 'What a plugin offers, and the model it runs',
      params: z.object({ plugin_id: z.string() }),
      answers: {
        200: { description: 'The manifest', schema: ManifestView },
        404: { description: 'Plugin not found', schema: Detail },
      },
      handle: ({ params: { plugin_id: name } }) => {
        const plugin = findPlugin(name);
        // 404 here, 400 at submit: there the plugin is a parameter, here it is the resource.
        if (!plugin) return json({ detail: `Plugin '${name}' not found` }, { status: 404 });
        return json({ ...plugin, model: model() });
      },
    }),
  ];
}
