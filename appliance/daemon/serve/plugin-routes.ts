// The plugins: how they fare, and what they offer.
import { z } from 'zod';
import { Fault } from '../../contract/fault.ts';
import type { ModelCard } from '../../contract/frame.ts';
import { PluginView } from '../../contract/plugin-api.ts';
import { builtInPlugins } from '../../contract/plugins.ts';
import type { PluginCatalogue } from '../plugins/catalogue.ts';
import type { OutsideView, Plugins } from '../plugins/plugins.ts';
import { json } from './answer.ts';
import { type Route, route } from './route.ts';
import { Detail, ManifestView } from './schemas.ts';

/** How one plugin fares since the daemon started. */
export type PluginState = Omit<PluginView, 'name' | 'description' | 'version'>;

export interface PluginRoutesOptions {
  readonly plugins: Pick<PluginCatalogue, 'list' | 'find'>;
  /** Left out where there are none. */
  readonly outside?: Pick<Plugins, 'views' | 'reload'>;
  readonly pluginState: (id: string) => PluginState;
  /** The model in use, null while none is loaded. */
  readonly model: () => ModelCard | null;
}

const params = z.object({ plugin_id: z.string() });

export function pluginRoutes({ plugins, outside, pluginState, model }: PluginRoutesOptions): Route[] {
  const viewOf = ({ name, description, version, state, reason }: OutsideView): PluginView => ({
    ...{ name, description, version, ...pluginState(name) },
    ...(state === 'usable' ? {} : { state, reason }),
  });
  return [
    route({
      method: 'GET',
      path: '/v1/plugins',
      summary: 'The plugins and how they fare',
      answers: { 200: { description: 'All plugins', schema: z.array(PluginView) } },
      handle: () =>
        json([
          ...builtInPlugins.map(({ id, description, version }) => ({
            ...{ name: id, description, version },
            ...pluginState(id),
          })),
          ...(outside?.views ?? []).map(viewOf),
        ]),
    }),
    route({
      method: 'GET',
      path: '/v1/plugins/{plugin_id}/manifest',
      summary: 'What a plugin offers, and the model it runs',
      params,
      answers: {
        200: { description: 'The manifest', schema: ManifestView },
        404: { description: 'Plugin not found', schema: Detail },
      },
      handle: ({ params: { plugin_id: name } }) => {
        const plugin = plugins.find(name);
        // 404 here, 400 at submit: there the plugin is a parameter, here it is the resource.
        if (!plugin) return json({ detail: `Plugin '${name}' not found` }, { status: 404 });
        return json({ ...plugin, model: model() });
      },
    }),
    route({
      method: 'POST',
      path: '/v1/plugins/{plugin_id}/reload',
      summary: 'Load a plugin from outside anew: jobs that start from now on run its code as it is now',
      operator: true,
      params,
      answers: {
        200: { description: 'What it is now; `broken` where it cannot be used, with the reason', schema: PluginView },
        403: { description: 'It comes with Vedette', schema: Detail },
        404: { description: 'Plugin not found', schema: Detail },
      },
      handle: async ({ params: { plugin_id: name } }) => {
        const view = await outside?.reload(name);
        if (view) return json(viewOf(view));
        if (plugins.find(name)) throw new Fault('not-allowed', `${name} comes with Vedette and changes with it alone`);
        return json({ detail: `Plugin '${name}' not found` }, { status: 404 });
      },
    }),
  ];
}
